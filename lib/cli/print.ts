import { printable } from '../printable';

/** Writes a line, or several, to standard output. */
export function print(text: string): void {
  console.log(printable(text));
}

/** The same to standard error, where it is not what was asked for. */
export function printNote(text: string): void {
  console.error(printable(text));
}
