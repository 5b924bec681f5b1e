import { createHash } from 'node:crypto';

/** @see https://github.com/moby/moby/blob/master/daemon/names/names.go */
export function isContainerName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}

/** Converts a construct's path to a container name that is the same at every synth. */
export function defaultContainerName(path: string): string {
  const name = path.replaceAll('/', '-');
  if (isContainerName(name)) return name;
  // The hash keeps names distinct if their paths differ only in characters that a name cannot contain.
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const legal = name.replace(/[^a-zA-Z0-9_.-]+/g, '-').replace(/^[^a-zA-Z0-9]+|-+$/g, '');
  return legal ? `${legal}-${hash}` : hash;
}
