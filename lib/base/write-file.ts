import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
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

/**
 * Number of bytes that are searched for the mark. It is near the start of a file: only the model's title and
 * description may precede it.
 */
const MARK_BYTES = 64 * 1024;

/**
 * Whether an existing file may be overwritten: it has the mark of generated files, or is empty.
 *
 * @throws the error of node:fs if the file cannot be read
 */
export function isMarked(path: string, mark: string): boolean {
  const descriptor = openSync(path, 'r');
  try {
    const start = Buffer.alloc(MARK_BYTES);
    const text = start.toString('utf8', 0, readSync(descriptor, start));
    return text.trim() === '' || text.includes(mark);
  } finally {
    closeSync(descriptor);
  }
}

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;

/**
 * Puts a file at a second path, without copying its bytes if the file system supports that. Creates a reflink, which
 * does not change when its source changes; otherwise a hard link; otherwise a copy. A hard link shares its mode and
 * times with the user's file, so this function changes neither. It never overwrites an existing file.
 */
export function linkOrCopy(source: string, target: string): void {
  const file = realpathSync(source);
  const ways = [
    () => copyFileSync(file, target, COPYFILE_FICLONE_FORCE | COPYFILE_EXCL),
    () => linkSync(file, target),
    () => copyFileSync(file, target, COPYFILE_EXCL),
  ];
  for (const [index, put] of ways.entries()) {
    try {
      return put();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' || index === ways.length - 1) throw error;
    }
  }
}
