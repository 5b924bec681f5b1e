import { randomUUID } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder';

/** Writes a file by renaming it into place, so that a reader never sees a partial file. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  replaceFiles([{ path, content }]);
}

/**
 * Replaces several files in the given order. If a file cannot be written, none is replaced, and the folders created for
 * them are removed. The exception is a target path that is a folder: the rename fails only after the preceding files
 * were replaced.
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
