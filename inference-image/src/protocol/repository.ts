import type { ModelManifest } from '../contract/model-manifest';
import { quoted } from '../base/cut-text';
import { invalid, type ServingError } from '../base/errors';

export interface Readiness {
  readonly ready: boolean;
  /** Reason that the model is not served; undefined if it has not failed. */
  readonly failure: string | undefined;
}

/**
 * Index of this server's only model.
 * @param readyOnly Whether to omit the model if it is not ready.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md#index
 */
export function repositoryIndex({ name, version }: ModelManifest, { ready, failure }: Readiness, readyOnly: boolean) {
  if (ready) return [{ name, version, state: 'READY', reason: '' }];
  const reason = failure ?? 'the server is starting or shutting down';
  return readyOnly ? [] : [{ name, version, state: 'UNAVAILABLE', reason }];
}

/** Creates the error for a request to load or unload the model. */
export function repositoryIsFixed(action: 'load' | 'unload', { name }: ModelManifest): ServingError {
  return invalid(
    `cannot ${action} model ${quoted(name)}: this server serves only the model in its image;` +
      ' to serve a different model, deploy its image',
  );
}
