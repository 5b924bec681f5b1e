/** @see https://github.com/distribution/reference/blob/main/reference.go */
const HOST = '(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]+)?/)?';
const PATH = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REPOSITORY = `${HOST}${PATH}(?:/${PATH})*`;
const TAG = ':[A-Za-z0-9_][A-Za-z0-9._-]{0,127}';
const DIGEST = '@sha256:[0-9a-f]{64}';

const repositoryPattern = new RegExp(`^${REPOSITORY}$`);
const referencePattern = new RegExp(`^${REPOSITORY}(?:${TAG})?(?:${DIGEST})?$`);

/** Whether the text is a repository without a tag, such as `registry.example.com/ml/digits`. */
export function isRepository(text: string): boolean {
  return repositoryPattern.test(text);
}

/** Whether the text is an image reference: `name[:tag][@sha256:digest]`. */
export function isReference(text: string): boolean {
  return referencePattern.test(text);
}

/** Whether a reference has a digest, so that it always means the same image. */
export function isPinned(reference: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(reference);
}

/** Whether the last path component or the tag of a reference contains "alpine" or "musl". */
export function isMusl(reference: string): boolean {
  return /alpine|musl/i.test(reference.slice(reference.lastIndexOf('/') + 1));
}

/** Converts a model's name to the last component of a repository, which must be lower case. */
export function repositoryComponent(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'model'
  );
}
