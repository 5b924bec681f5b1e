import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, where they are missing. `mkdir` of Node with `recursive` never ends where a file
 * system takes no folders and calls them missing, as /proc does.
 *
 * @returns the first folder that it made; undefined where all are there
 * @throws the error of node:fs
 */
export function makeFolder(path: string): string | undefined {
  const above = dirname(path);
  const first = above !== path && !existsSync(above) ? makeFolder(above) : undefined;
  try {
    mkdirSync(path);
    return first ?? path;
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!existsSync(path) || !statSync(path).isDirectory()) throw error;
    return first;
  }
}
