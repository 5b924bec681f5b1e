import type { ModelManifest } from '../contract/model-manifest';
import { quoted } from '../cut-text';
import { invalid, type ServingError } from '../errors';

export interface Readiness {
  readonly ready: boolean;
  /** Why the model is not served, if it failed. */
  readonly failure: string | undefined;
}

/**
 * The models of this server: one.
 * @param readyOnly Whether a model that is not ready is left out.
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md#index
 */
export function repositoryIndex({ name, version }: ModelManifest, { ready, failure }: Readiness, readyOnly: boolean) {
  if (ready) return [{ name, version, state: 'READY', reason: '' }];
  const reason = failure ?? 'the server is starting or shutting down';
  return readyOnly ? [] : [{ name, version, state: 'UNAVAILABLE', reason }];
}

/** What a request to load or unload the model is told. */
export function repositoryIsFixed(action: 'load' | 'unload', { name }: ModelManifest): ServingError {
  return invalid(
    `cannot ${action} model ${quoted(name)}: a server has the one model of its image, from start to end;` +
      ' to serve another, deploy its image',
  );
}
