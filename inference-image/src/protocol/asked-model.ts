import type { ModelManifest } from '../contract/model-manifest';
import { ServingError } from '../errors';
import { quoted } from './fields';

/** Throws unless a request names the served model and, if given, its version. */
export function checkAskedModel({ name, version }: ModelManifest, askedName: string, askedVersion?: string): void {
  if (askedName !== name) {
    throw new ServingError('notFound', `unknown model ${quoted(askedName)}; this server has "${name}"`);
  }
  if (askedVersion !== undefined && askedVersion !== version) {
    const known = `model "${name}" has version "${version}"`;
    throw new ServingError('notFound', `unknown version ${quoted(askedVersion)}; ${known}`);
  }
}
