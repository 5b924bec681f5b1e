import type { ModelManifest } from '../contract/model-manifest';
import { ServingError } from '../base/errors';
import { quoted } from '../base/fields';

/** Throws unless a request names the served model and, if given, its version. */
export function checkRequestedModel(
  { name, version }: ModelManifest,
  requestedName: string,
  requestedVersion?: string,
): void {
  if (requestedName !== name) {
    throw new ServingError('notFound', `unknown model ${quoted(requestedName)}; this server has "${name}"`);
  }
  if (requestedVersion !== undefined && requestedVersion !== version) {
    const known = `model "${name}" has version "${version}"`;
    throw new ServingError('notFound', `unknown version ${quoted(requestedVersion)}; ${known}`);
  }
}
