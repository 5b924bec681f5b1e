import { createHash } from 'node:crypto';
import type { z } from 'zod/mini';
import type { modelFileSchema, manifestFields } from './schemas';

/** File names inside the model folder of an image. */
export const MANIFEST_FILE = 'model.json';
export const MODEL_FILE = 'model.onnx';
export const GOLDEN_FILE = 'golden.json';
/** Bill of materials of the image. The server does not read it. */
export const SBOM_FILE = 'sbom.cdx.json';

/** File names in the model folder that external data must not use. */
export const RESERVED_FILES = [MANIFEST_FILE, MODEL_FILE, GOLDEN_FILE, SBOM_FILE] as const;

export type ModelFile = z.infer<typeof modelFileSchema>;

/** model.json: the identity of the model in an image, without tuning. */
export type ModelManifest = z.infer<typeof manifestFields>;

/**
 * Identity of a model: the sha256 of its file, as `sha256sum` prints it. For a model with external data, it is the
 * sha256 of what `sha256sum` prints for all files in the given order. Golden examples, which come last, do not affect
 * it.
 */
export function modelDigest(files: readonly ModelFile[]): string {
  const weights = files.slice(0, files.length - goldenFiles(files).length);
  const [only] = weights;
  if (only && weights.length === 1) return only.sha256;
  const listing = weights.map((file) => `${file.sha256}  ${file.path}\n`).join('');
  return createHash('sha256').update(listing).digest('hex');
}

/** golden.json, followed by the files that it refers to; empty without golden examples. */
export function goldenFiles(files: readonly ModelFile[]): readonly ModelFile[] {
  const first = files.findIndex(({ path }) => path === GOLDEN_FILE);
  return first < 0 ? [] : files.slice(first);
}
