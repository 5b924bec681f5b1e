import { createHash } from 'node:crypto';

/** @see https://github.com/moby/moby/blob/master/daemon/names/names.go */
export function isContainerName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}

/** A construct's path as a container's name, the same at every synth. */
export function defaultContainerName(path: string): string {
  const name = path.replaceAll('/', '-');
  if (isContainerName(name)) return name;
  // Ids that differ only in what a name may not hold must not end up with one name.
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const legal = name.replace(/[^a-zA-Z0-9_.-]+/g, '-').replace(/^[^a-zA-Z0-9]+|-+$/g, '');
  return legal ? `${legal}-${hash}` : hash;
}
