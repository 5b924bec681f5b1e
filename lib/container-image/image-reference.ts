/** @see https://github.com/distribution/reference/blob/main/reference.go */
const HOST = '(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]+)?/)?';
const PATH = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const REPOSITORY = `${HOST}${PATH}(?:/${PATH})*`;
const TAG = ':[A-Za-z0-9_][A-Za-z0-9._-]{0,127}';
const DIGEST = '@sha256:[0-9a-f]{64}';

const repositoryPattern = new RegExp(`^${REPOSITORY}$`);
const referencePattern = new RegExp(`^${REPOSITORY}(?:${TAG})?(?:${DIGEST})?$`);

/** `registry.example.com/ml/digits`, without a tag. */
export function isRepository(text: string): boolean {
  return repositoryPattern.test(text);
}

/** `name[:tag][@sha256:digest]` */
export function isReference(text: string): boolean {
  return referencePattern.test(text);
}

/** A reference that always names the same bytes. */
export function isPinned(reference: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(reference);
}

/** An image of the Alpine kind, by its own name or tag; whoever owns the repository may be called anything. */
export function isMusl(reference: string): boolean {
  return /alpine|musl/i.test(reference.slice(reference.lastIndexOf('/') + 1));
}

/** The last component of a repository: lower case, as Docker demands, whatever the model is called. */
export function repositoryComponent(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'model'
  );
}
