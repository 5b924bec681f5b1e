import { closeSync, openSync, readSync } from 'node:fs';

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
