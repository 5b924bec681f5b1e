import type { handleUnaryCall, ServerDuplexStream } from '@grpc/grpc-js';
import type { ServingError } from '../errors';
import { checkAskedModel } from '../protocol/asked-model';
import { modelMetadata, SERVER_METADATA } from '../protocol/metadata';
import { modelConfig } from '../protocol/model-config';
import { repositoryIndex, repositoryIsFixed } from '../protocol/repository';
import { modelStatistics } from '../protocol/statistics';
import { Inference } from './inference';
import { status } from './libraries';
import { encodeMessage } from './messages';
import type { GrpcOptions } from './options';
import { unary, type MethodHandler } from './service';
import { statusOf } from './status';
import type { Streams } from './streams';

export const INFERENCE_SERVICE = 'inference.GRPCInferenceService';

interface ModelRequest {
  readonly name: string;
  readonly version: string;
}

/** The Open Inference Protocol: transport only, it neither reads tensors nor runs models. */
export function inferenceHandlers(options: GrpcOptions, streams: Streams): Record<string, MethodHandler> {
  const { model, tuning, dataPlane, metrics, log } = options;
  const inference = new Inference(options);
  const metadata = modelMetadata(model);
  /** Of a request that says which model it is about; an empty version is that of any. */
  const ofModel = (handle: () => object) =>
    unary(({ name, version }: ModelRequest) => {
      checkAskedModel(model, name, version || undefined);
      return handle();
    }, log);

  return {
    ServerLive: unary(() => ({ live: true }), log),
    ServerReady: unary(() => ({ ready: dataPlane.ready }), log),
    ModelReady: ofModel(() => ({ ready: dataPlane.ready })),
    ServerMetadata: unary(() => SERVER_METADATA, log),
    ModelMetadata: ofModel(() => metadata),
    ModelInfer: inferMethod(inference),
    ModelStreamInfer: streamMethod(inference, streams),
    ModelConfig: ofModel(() => ({ config: modelConfig(model, tuning) })),
    ModelStatistics: unary(({ name, version }: ModelRequest) => {
      // Without a name: of all models.
      if (name) checkAskedModel(model, name, version || undefined);
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

function inferMethod(inference: Inference): MethodHandler {
  return ({ resolvedResponseType }) => {
    const method: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
      inference.infer(call.request, call).then(
        (reply) => callback(null, encodeMessage(resolvedResponseType!, reply)),
        (error: ServingError) => callback(statusOf(error)),
      );
    };
    return method;
  };
}

/** An error is that of one request: the stream goes on. */
function streamMethod(inference: Inference, streams: Streams): MethodHandler {
  return ({ resolvedResponseType }) => {
    return (call: ServerDuplexStream<Buffer, Buffer>) => {
      streams.serve(call, async (request) => {
        const message = await inference.infer(request, call).then(
          (reply) => ({ infer_response: reply }),
          (error: ServingError) => ({ error_message: error.message }),
        );
        return encodeMessage(resolvedResponseType!, message);
      });
    };
  };
}

function refused(error: ServingError): MethodHandler {
  const method: handleUnaryCall<Buffer, Buffer> = (_call, callback) =>
    callback(statusOf(error, status.FAILED_PRECONDITION));
  return () => method;
}
