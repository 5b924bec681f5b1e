import {
  Client,
  credentials,
  Metadata,
  type CallOptions,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { join } from 'node:path';
import { Root, type Type } from 'protobufjs';
import { ROOT } from './root';

const PROTOS = join(ROOT, 'inference-image/src/grpc/protos');

export const PROTO_ROOT = new Root()
  .loadSync(
    ['open_inference', 'health', 'reflection'].map((name) => join(PROTOS, `${name}.proto`)),
    { keepCase: true },
  )
  .resolveAll();

const clients = new Set<GrpcClient>();

/** Error that ended a call. */
export interface Failure {
  readonly code: number;
  readonly details: string;
}

/** Client of all services on a server's gRPC port, with a connection of its own. */
export class GrpcClient {
  readonly client: Client;

  constructor(target: string, options: ClientOptions = {}) {
    this.client = new Client(target, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      ...options,
    });
    clients.add(this);
  }

  /** Calls a method by its full name, or by its short name if it belongs to the inference service. */
  call(method: string, request: object = {}, options: CallOptions = {}): Promise<any> {
    const { path, requestType, responseType } = methodOf(method);
    return this.send(path, Buffer.from(requestType.encode(requestType.fromObject(request)).finish()), options).then(
      (reply) => responseType.toObject(responseType.decode(reply), { longs: Number, defaults: true }),
    );
  }

  /** Makes a call that must fail, and returns its error. */
  async failure(method: string, request: object = {}, options: CallOptions = {}): Promise<Failure> {
    return this.call(method, request, options).then((reply) => {
      throw new Error(`${method} did not fail: ${JSON.stringify(reply)}`);
    }, failureOf);
  }

  /** Calls a path with raw bytes as the message. */
  send(path: string, bytes: Buffer, options: CallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, reply?: Buffer) => (reply ? resolve(reply) : reject(error));
      this.client.makeUnaryRequest(path, asIs, asIs, bytes, new Metadata(), options, done);
    });
  }

  /** Starts a call that can be cancelled. */
  cancellable(method: string, request: object, deadlineMs?: number) {
    const { path, requestType } = methodOf(method);
    const bytes = Buffer.from(requestType.encode(requestType.fromObject(request)).finish());
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    let cancel = () => {};
    const failure = new Promise<Failure>((resolve, reject) => {
      const done = (error: ServiceError | null) =>
        error ? resolve(failureOf(error)) : reject(new Error('it succeeded'));
      const call = this.client.makeUnaryRequest(path, asIs, asIs, bytes, new Metadata(), options, done);
      cancel = () => call.cancel();
    });
    return { cancel, failure };
  }

  /** Watches the health of a service. */
  watch(service: string): ClientReadableStream<{ status: number }> {
    const { path, requestType, responseType } = methodOf('grpc.health.v1.Health.Watch');
    return this.client.makeServerStreamRequest(
      path,
      (request: object) => Buffer.from(requestType.encode(requestType.fromObject(request)).finish()),
      (reply) => responseType.toObject(responseType.decode(reply), { defaults: true }) as { status: number },
      { service },
      new Metadata(),
    );
  }

  /** Starts a call with any number of requests and replies. */
  stream(method: string): ClientDuplexStream<any, any> {
    const { path, requestType, responseType } = methodOf(method);
    return this.client.makeBidiStreamRequest<any, any>(
      path,
      (request) => Buffer.from(requestType.encode(requestType.fromObject(request)).finish()),
      (reply) => responseType.toObject(responseType.decode(reply), { longs: Number, defaults: true, oneofs: true }),
      new Metadata(),
    );
  }

  close(): void {
    this.client.close();
    clients.delete(this);
  }
}

export function failureOf({ code, details }: Failure): Failure {
  return { code, details };
}

export function methodOf(name: string): { path: string; requestType: Type; responseType: Type } {
  const [, service = 'inference.GRPCInferenceService', method = name] = /^(.*)\.(\w+)$/.exec(name) ?? [];
  const { resolvedRequestType, resolvedResponseType } = PROTO_ROOT.lookupService(service).methods[method]!;
  return { path: `/${service}/${method}`, requestType: resolvedRequestType!, responseType: resolvedResponseType! };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

/** ModelInferRequest with one input of rank 1 in raw form. */
export function rawRequest(datatype: string, shape: number[], bytes: Buffer, name = 'x'): any {
  return { model_name: 'm', inputs: [{ name, datatype, shape }], raw_input_contents: [bytes] };
}

/** ModelInferRequest to `identity('float', ['n'])`. */
export function rawFloats(...values: number[]): any {
  return rawRequest('FP32', [values.length], Buffer.from(Float32Array.from(values).buffer));
}

/** ModelInferRequest to `slowModel()`. */
export function rawRounds(n: number): any {
  return rawRequest('INT64', [1], Buffer.from(BigInt64Array.of(BigInt(n)).buffer), 'n');
}

/** Values of the first output of a reply. */
export function floatsOf({ raw_output_contents: [bytes] }: { raw_output_contents: Buffer[] }): number[] {
  return Array.from({ length: bytes!.length / 4 }, (_, i) => bytes!.readFloatLE(i * 4));
}

afterAll(() => {
  for (const client of clients) client.close();
});
