import { createHash } from 'node:crypto';
import { goldenFiles, type ModelFile, type ModelManifest } from './model-manifest';

/**
 * What a stack declares about a model in addition to its weights. An image that was built elsewhere may have a
 * different declaration.
 */
export interface ModelDeclaration extends Pick<ModelManifest, 'name' | 'version' | 'image' | 'classes'> {
  readonly files: readonly ModelFile[];
}

/** Names of a declaration's parts, for messages. The keys must not change: servers in existing images compare them. */
const PARTS = { name: 'name', version: 'version', golden: 'golden examples', image: 'pictures', classes: 'classes' };

type Part = keyof typeof PARTS;

const NONE = 'none';

/**
 * Value of the setting `expectedDeclaration`: `name:digits,version:1,golden:none,image:0a1b2c3d4e5f6071,classes:none`.
 */
export function declarationText(declaration: ModelDeclaration): string {
  return Object.entries(fingerprints(declaration))
    .map(([part, fingerprint]) => `${part}:${fingerprint}`)
    .join(',');
}

/** Differences between a model's declaration and the expected one, as clauses for messages. */
export function declarationDifferences(expected: string, declaration: ModelDeclaration): string[] {
  const wanted = new Map(expected.split(',').map((text) => text.split(':') as [string, string]));
  return Object.entries(fingerprints(declaration)).flatMap(([part, has]) => {
    const wants = wanted.get(part);
    if (wants === has) return [];
    const what = PARTS[part as Part];
    if (part === 'name' || part === 'version') return [`${what} ${JSON.stringify(wants)}, not ${JSON.stringify(has)}`];
    if (wants === NONE) return [`${what}, which the deployment does not expect`];
    return [has === NONE ? `${what}, which the image lacks` : `different ${what}`];
  });
}

/** Text of each part. Names and versions are used unchanged, because they contain no commas or colons. */
function fingerprints({ name, version, image: picture, classes, files }: ModelDeclaration): Record<Part, string> {
  const golden = goldenFiles(files).map(({ path, sha256 }) => [path, sha256]);
  return {
    name,
    version,
    golden: fingerprint(golden.length > 0 ? golden : undefined),
    image: fingerprint(picture),
    classes: fingerprint(classes),
  };
}

/** Fingerprint of a value; it does not depend on the order of fields. */
function fingerprint(value: object | undefined): string {
  if (value === undefined) return NONE;
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex').slice(0, 16);
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
