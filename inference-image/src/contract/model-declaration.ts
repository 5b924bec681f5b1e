import { createHash } from 'node:crypto';
import { GOLDEN_FILE, type ModelFile, type ModelManifest } from './model-manifest';

/** What a stack says of a model besides its weights, and an image that was built elsewhere may have otherwise. */
export interface ModelDeclaration extends Pick<ModelManifest, 'name' | 'version' | 'image' | 'classes'> {
  readonly files: readonly ModelFile[];
}

/** The same for equal declarations, in whatever order their fields stand. */
export function declarationDigest({ name, version, image, classes, files }: ModelDeclaration): string {
  const golden = goldenFiles(files).map(({ path, sha256 }) => [path, sha256]);
  const declared = JSON.stringify({ name, version, image, classes, golden }, sorted);
  return createHash('sha256').update(declared).digest('hex');
}

/** In words, of an image that has another one than was expected. */
export function declarationText({ name, version, image, classes, files }: ModelDeclaration): string {
  const parts = [
    `model ${JSON.stringify(name)} version ${JSON.stringify(version)}`,
    image ? `pictures as ${image.width} x ${image.height} ${image.color}` : 'no pictures',
    classes ? `classes of ${JSON.stringify(classes.output)}` : 'no classes',
    goldenFiles(files).length > 0 ? 'golden examples' : 'no golden examples',
  ];
  return parts.join(', ');
}

/** golden.json, and the files of its tensors after it. */
function goldenFiles(files: readonly ModelFile[]): readonly ModelFile[] {
  const first = files.findIndex(({ path }) => path === GOLDEN_FILE);
  return first < 0 ? [] : files.slice(first);
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
