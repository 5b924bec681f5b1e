import { ServingError } from '../base/errors';
import { SlicedWork } from '../base/sliced-work';
import type { Holding } from '../budget/memory-budget';
import type { Caller } from '../inference/job';
import { GrpcInferRequestDecoder } from '../protocol/grpc-infer-request';
import { GrpcInferResponseEncoder, type ResponseForm } from '../protocol/grpc-infer-response';
import type { InferRequest } from '../protocol/request';
import {
  checkRequestedModel,
  modelConfig,
  modelMetadata,
  repositoryIndex,
  repositoryIsFixed,
  SERVER_METADATA,
} from '../protocol/metadata';
import { modelStatistics } from '../protocol/statistics';
import type { Tensor } from '../tensor/tensor';
import { encodeMessage } from './messages';
import { type GrpcOptions, type MethodHandler, probe, unary } from './service';
import type { ServerCall } from './transport/method';
import { STATUS, toServingError } from './transport/status';

export const INFERENCE_SERVICE = 'inference.GRPCInferenceService';

interface ModelRequest {
  readonly name: string;
  readonly version: string;
}

/** Handlers of the Open Inference Protocol. They only dispatch; other modules decode messages and run the model. */
export function inferenceHandlers(options: GrpcOptions): Record<string, MethodHandler> {
  const { model, tuning, dataPlane, metrics, log } = options;
  const inference = new Inference(options);
  const metadata = modelMetadata(model);
  /** Creates the method for a request that names a model; an empty version matches any version. */
  const forModel = (handle: () => object, method = unary) =>
    method(({ name, version }: ModelRequest) => {
      checkRequestedModel(model, name, version || undefined);
      return handle();
    }, log);

  return {
    ServerLive: probe(() => ({ live: true }), log),
    ServerReady: probe(() => ({ ready: dataPlane.ready }), log),
    ModelReady: forModel(() => ({ ready: dataPlane.ready }), probe),
    ServerMetadata: unary(() => SERVER_METADATA, log),
    ModelMetadata: forModel(() => metadata),
    ModelInfer: inferMethod(inference, options),
    ModelStreamInfer: streamMethod(inference, options),
    ModelConfig: forModel(() => ({ config: modelConfig(model, tuning) })),
    ModelStatistics: unary(({ name, version }: ModelRequest) => {
      // Without a name, the statistics are for all models.
      if (name) checkRequestedModel(model, name, version || undefined);
      return modelStatistics(model, metrics.totals);
    }, log),
    RepositoryIndex: unary(
      ({ ready }: { ready: boolean }) => ({ models: repositoryIndex(model, dataPlane, ready) }),
      log,
    ),
    RepositoryModelLoad: refused(repositoryIsFixed('load', model)),
    RepositoryModelUnload: refused(repositoryIsFixed('unload', model)),
  };
}

function inferMethod(inference: Inference, options: GrpcOptions): MethodHandler {
  return () => ({
    ...inferLimits(options),
    handle: (call, message) =>
      inference.infer(message, call, 'response', (error, frame) => {
        if (frame) call.answer(frame, true);
        else call.fail(error as ServingError);
      }),
  });
}

/** Streaming inference. An error ends only one request; the stream continues. */
function streamMethod(inference: Inference, options: GrpcOptions): MethodHandler {
  return ({ resolvedResponseType }) => ({
    ...inferLimits(options),
    isStream: true,
    handle: (call, message) =>
      inference.infer(message, call, 'streamResponse', (error, frame) => {
        if (frame) call.answer(frame, true);
        else call.answer(encodeMessage(resolvedResponseType!, { error_message: error?.message }));
      }),
  });
}

function inferLimits({ maxRequestBytes, metrics }: GrpcOptions) {
  return {
    maxMessageBytes: maxRequestBytes,
    limitSetting: 'maxRequestBytes',
    refused: (error: ServingError, receivedAt: number) =>
      metrics.observeError(error, (performance.now() - receivedAt) / 1000),
  };
}

function refused(error: ServingError): MethodHandler {
  return () => ({ handle: (call) => call.fail(error, STATUS.FAILED_PRECONDITION) });
}

/** Called with an error, or with the answer as a gRPC frame, which the call's holding already counts. */
type Done = (error: ServingError | undefined, frame?: Buffer) => void;

/** Upper bound of the time by which a deadline starts later at the server than at the client. */
const TRANSIT_MS = 50;

/** Answers inference requests. */
export class Inference {
  readonly decoder: GrpcInferRequestDecoder;
  readonly encoder: GrpcInferResponseEncoder;
  readonly work = new SlicedWork();

  constructor(readonly options: GrpcOptions) {
    this.decoder = new GrpcInferRequestDecoder(options.model.signature);
    this.encoder = new GrpcInferResponseEncoder(options.model);
  }

  /**
   * Runs inference for one message.
   * @param message A ModelInferRequest.
   * @param form Message type of the answer.
   */
  infer(message: Buffer, call: ServerCall, form: ResponseForm, done: Done): void {
    new Exchange(this, call, form, done).start(message);
  }
}

/**
 * One request and its answer. Synchronous steps follow each other directly, because awaiting them would only add delay.
 */
class Exchange implements Caller {
  deadline?: number;
  readonly holding: Holding;
  private readonly receivedAt = performance.now();
  private request?: InferRequest;
  private outputsAt = 0;

  constructor(
    private readonly inference: Inference,
    private readonly call: ServerCall,
    private readonly form: ResponseForm,
    private readonly done: Done,
  ) {
    this.holding = call.holding as Holding;
  }

  isCancelled(): boolean {
    return this.call.isCancelled();
  }

  start(bytes: Buffer): void {
    const { decoder, work, options } = this.inference;
    try {
      options.dataPlane.assertServing();
      if (this.call.connection) options.unread.assertRoom(this.call.connection.socket);
      const message = decoder.read(bytes);
      checkRequestedModel(options.model, message.modelName, message.modelVersion || undefined);
      this.step(work.do(decoder.decode(message, this.holding)), this.run);
    } catch (error) {
      this.fail(error);
    }
  }

  private run(request: InferRequest): void {
    const { dataPlane, metrics } = this.inference.options;
    this.call.releaseMessage();
    metrics.observeDecode(secondsSince(this.receivedAt));
    this.request = request;
    this.deadline = this.call.deadline;
    if (request.timeoutSeconds !== undefined) {
      this.deadline = Math.min(this.deadline ?? Infinity, this.receivedAt + request.timeoutSeconds * 1000);
    }
    this.step(dataPlane.infer(request, this), this.encode);
  }

  private encode(outputs: readonly Tensor[]): void {
    const { encoder, work } = this.inference;
    this.outputsAt = performance.now();
    this.step(work.do(encoder.encode(this.request?.id, outputs, this.form, this.holding)), this.answer);
  }

  private answer(frame: Buffer): void {
    const { metrics, unread } = this.inference.options;
    unread.assertFits(frame.length);
    metrics.observeEncode(secondsSince(this.outputsAt));
    metrics.observeRequest('success', secondsSince(this.receivedAt));
    this.done(undefined, frame);
  }

  private fail(thrown: unknown): void {
    const { metrics, log } = this.inference.options;
    const error = toServingError(thrown, log);
    // Requests for other models must not count in this model's metrics.
    if (error.kind !== 'notFound') metrics.observeError(this.reasonOf(error), secondsSince(this.receivedAt));
    this.done(error);
  }

  /**
   * Reports a cancellation shortly before the deadline as a timeout, because the client's clock for the deadline
   * started earlier, when it sent the call.
   */
  private reasonOf(error: ServingError): ServingError {
    if (error.kind !== 'cancelled' || performance.now() < (this.deadline ?? Infinity) - TRANSIT_MS) return error;
    return new ServingError('timeout', 'the deadline of the call has passed');
  }

  private step<T>(value: T | Promise<T>, next: (this: this, value: T) => void): void {
    if (!(value instanceof Promise)) return next.call(this, value);
    value.then(
      (result) => {
        try {
          // No more memory may be reserved once the client is gone.
          if (this.isCancelled())
            throw new ServingError('cancelled', 'the client disconnected before the response was sent');
          next.call(this, result);
        } catch (error) {
          this.fail(error);
        }
      },
      (error: unknown) => this.fail(error),
    );
  }
}

function secondsSince(milliseconds: number): number {
  return (performance.now() - milliseconds) / 1000;
}
