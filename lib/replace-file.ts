import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder';

/** Renames a whole file into place, so that a reader never sees half of one. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  replaceFiles([{ path, content }]);
}

/**
 * The same for files that belong together, in this order. Where one cannot be written, none takes its place, and folders
 * that were made for them are removed. Only a place that is taken by a folder is found when the files before it are there.
 */
export function replaceFiles(files: readonly { readonly path: string; readonly content: string | Uint8Array }[]): void {
  const staged: { path: string; temporary: string }[] = [];
  const made: string[] = [];
  try {
    for (const { path, content } of files) {
      const folder = makeFolder(dirname(path));
      if (folder !== undefined) made.push(folder);
      const temporary = `${path}.${randomUUID()}`;
      staged.push({ path, temporary });
      writeFileSync(temporary, content);
    }
    for (const { path, temporary } of staged) renameSync(temporary, path);
  } catch (error) {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    for (const { temporary } of staged) rmSync(temporary, { force: true });
  }
}
