import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates a folder and its missing parents. Node's recursive `mkdir` never returns on file systems that refuse folders
 * with ENOENT, such as /proc.
 *
 * @returns the topmost folder that was created; undefined if all folders existed
 * @throws the error of node:fs
 */
export function makeFolder(path: string): string | undefined {
  const above = dirname(path);
  const first = above !== path && !existsSync(above) ? makeFolder(above) : undefined;
  try {
    mkdirSync(path);
    return first ?? path;
  } catch (error) {
    // Another process may have created the folder in the meantime.
    if (!existsSync(path) || !statSync(path).isDirectory()) throw error;
    return first;
  }
}
