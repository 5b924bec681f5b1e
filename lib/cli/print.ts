import { printable } from '../../inference-image/src/contract/printable';

/** Writes one or more lines to standard output. */
export function print(text: string): void {
  console.log(printable(text));
}

/** Writes warnings and hints to standard error. */
export function printNote(text: string): void {
  console.error(printable(text));
}
