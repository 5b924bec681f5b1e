import { createHash } from 'node:crypto';
import type { z } from 'zod/mini';
import type { modelFileSchema, modelManifestSchema } from './schemas';

/** Raised when a container of one version could not serve an image staged by another. */
export const CONTRACT_VERSION = 2;

/** File names inside the model folder of an image. */
export const MANIFEST_FILE = 'model.json';
export const MODEL_FILE = 'model.onnx';
export const GOLDEN_FILE = 'golden.json';
/** What the image is made of. The server does not read it. */
export const SBOM_FILE = 'sbom.cdx.json';

/** Names in the model folder that are not a model's to use. */
export const RESERVED_FILES = [MANIFEST_FILE, MODEL_FILE, GOLDEN_FILE, SBOM_FILE] as const;

/** A file that the model is made of. */
export type ModelFile = z.infer<typeof modelFileSchema>;

/** model.json: what an image holds. Identity, never tuning. */
export type ModelManifest = z.infer<typeof modelManifestSchema>;

/**
 * The identity of a model: the sha256 of its one file, as `sha256sum` prints it; for a model with external data,
 * the sha256 of the `sha256sum` listing of all its files in the order given. Golden examples, which come last, are not
 * part of it.
 */
export function modelDigest(files: readonly ModelFile[]): string {
  const weights = files.slice(0, files.length - goldenFiles(files).length);
  const [only] = weights;
  if (only && weights.length === 1) return only.sha256;
  const listing = weights.map((file) => `${file.sha256}  ${file.path}\n`).join('');
  return createHash('sha256').update(listing).digest('hex');
}

/** golden.json, and the files of its tensors after it; none where there are no golden examples. */
export function goldenFiles(files: readonly ModelFile[]): readonly ModelFile[] {
  const first = files.findIndex(({ path }) => path === GOLDEN_FILE);
  return first < 0 ? [] : files.slice(first);
}
