import type { Type } from 'protobufjs/light';
import { outcomeOf } from '../metrics/outcome';
import { checkAskedModel } from '../protocol/asked-model';
import { GrpcInferRequestDecoder, type InferRequestMessage } from '../protocol/grpc-infer-request';
import { inferResponseMessage } from '../protocol/grpc-infer-response';
import { decodeMessage, ROOT } from './messages';
import type { GrpcOptions } from './options';
import { toServingError } from './status';

/** The parts of a call that an inference depends on. */
export interface InferCall {
  readonly cancelled: boolean;
  getDeadline(): Date | number;
}

/** Answers inference requests, each with a response or a ServingError. */
export class Inference {
  private readonly decoder: GrpcInferRequestDecoder;
  private readonly requestType: Type = ROOT.lookupType('inference.ModelInferRequest');

  constructor(private readonly options: GrpcOptions) {
    this.decoder = new GrpcInferRequestDecoder(options.model.signature);
  }

  async infer(bytes: Buffer, call: InferCall): Promise<object> {
    const { metrics, log } = this.options;
    const receivedAt = performance.now();
    try {
      const reply = await this.answer(bytes, call, receivedAt);
      metrics.observeRequest('success', secondsSince(receivedAt));
      return reply;
    } catch (thrown) {
      const error = toServingError(thrown, log);
      // A name that is not served must not make a series.
      if (error.kind !== 'notFound') metrics.observeRequest(outcomeOf(error), secondsSince(receivedAt));
      throw error;
    }
  }

  private async answer(bytes: Buffer, call: InferCall, receivedAt: number): Promise<object> {
    const { model, dataPlane, metrics } = this.options;
    dataPlane.assertServing();
    const message = decodeMessage<InferRequestMessage>(this.requestType, bytes);
    checkAskedModel(model, message.model_name, message.model_version || undefined);
    const request = this.decoder.decode(message);
    metrics.observeDecode(secondsSince(receivedAt));
    const deadline = deadlineOf(call, receivedAt, request.timeoutSeconds);
    const outputs = await dataPlane.infer(request, { isCancelled: () => call.cancelled, deadline });
    const outputsAt = performance.now();
    const reply = inferResponseMessage(model, request, outputs);
    metrics.observeEncode(secondsSince(outputsAt));
    return reply;
  }
}

function secondsSince(milliseconds: number): number {
  return (performance.now() - milliseconds) / 1000;
}

/** The call's own, or the request's where that comes first. */
function deadlineOf(call: InferCall, receivedAt: number, timeoutSeconds?: number): number | undefined {
  const deadline = Math.min(
    Number(call.getDeadline()) - Date.now() + performance.now(),
    timeoutSeconds === undefined ? Infinity : receivedAt + timeoutSeconds * 1000,
  );
  return deadline === Infinity ? undefined : deadline;
}
