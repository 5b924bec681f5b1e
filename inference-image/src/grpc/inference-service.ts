import type { ServingError } from '../base/errors';
import { checkRequestedModel } from '../protocol/requested-model';
import { modelMetadata, SERVER_METADATA } from '../protocol/metadata';
import { modelConfig } from '../protocol/model-config';
import { repositoryIndex, repositoryIsFixed } from '../protocol/repository';
import { modelStatistics } from '../protocol/statistics';
import { Inference } from './inference';
import { encodeMessage } from './messages';
import type { GrpcOptions } from './options';
import { probe, unary, type MethodHandler } from './service';
import { STATUS } from './transport/status';

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
