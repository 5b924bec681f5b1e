import type { ServerWritableStream } from '@grpc/grpc-js';
import { ServingError } from '../errors';
import type { DataPlane } from '../inference/data-plane';
import { decodeMessage, encodeMessage } from './messages';
import { INFERENCE_SERVICE } from './inference-service';
import type { GrpcOptions } from './options';
import { unary, type MethodHandler } from './service';
import { statusOf, toServingError } from './status';
import type { Streams } from './streams';

interface HealthRequest {
  readonly service: string;
}

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/** How soon watchers hear of a change. Readiness hangs on several things; to look costs less than to be told by each. */
const LOOK_MS = 100;

/** gRPC's own health protocol, which Kubernetes' probes and client-side load balancers speak: it follows readiness. */
export function healthHandlers(
  { model, dataPlane, log }: GrpcOptions,
  streams: Streams,
): Record<string, MethodHandler> {
  const known = ['', INFERENCE_SERVICE, model.name];
  const current = () => statusNow(dataPlane);
  return {
    Check: unary(({ service }: HealthRequest) => {
      if (known.includes(service)) return { status: current() };
      const names = known.map((name) => JSON.stringify(name)).join(', ');
      throw new ServingError('notFound', `unknown service ${JSON.stringify(service)}; this server has ${names}`);
    }, log),
    List: unary(() => ({ statuses: Object.fromEntries(known.map((name) => [name, { status: current() }])) }), log),
    Watch: ({ resolvedRequestType, resolvedResponseType }) => {
      return (call: ServerWritableStream<Buffer, Buffer>) => {
        try {
          const { service } = decodeMessage<HealthRequest>(resolvedRequestType!, call.request);
          const read = known.includes(service) ? current : () => SERVICE_UNKNOWN;
          streams.add(call);
          watch(call, read, (status) => encodeMessage(resolvedResponseType!, { status }));
        } catch (error) {
          call.emit('error', statusOf(toServingError(error, log)));
        }
      };
    },
  };
}

function statusNow({ ready }: DataPlane): number {
  return ready ? SERVING : NOT_SERVING;
}

function watch(
  call: ServerWritableStream<Buffer, Buffer>,
  read: () => number,
  encode: (status: number) => Buffer,
): void {
  let told: number | undefined;
  const look = () => {
    const status = read();
    if (status !== told) call.write(encode(status));
    told = status;
  };
  const timer = setInterval(look, LOOK_MS).unref();
  for (const event of ['cancelled', 'close', 'finish', 'error']) call.on(event, () => clearInterval(timer));
  look();
}
