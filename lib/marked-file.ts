import { closeSync, openSync, readSync } from 'node:fs';

/** Marks stand at the beginning of files, behind a model's title and description at most. */
const MARK_BYTES = 64 * 1024;

/**
 * Whether an existing file has the mark of the files that are written here, so that it may be written over. An empty file
 * may be, too.
 *
 * @throws the error of node:fs where it cannot be read
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
