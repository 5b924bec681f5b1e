import { printable } from '../printable';

/** Writes a line, or several, to standard output. */
export function print(text: string): void {
  console.log(printable(text));
}

/** Writes to standard error what was not asked for, such as warnings and hints. */
export function printNote(text: string): void {
  console.error(printable(text));
}
