/** Functions that read escapes of JSON strings from bytes and write them as UTF-8. */

/** The letter `u` of `\u` escapes. */
export const UNICODE = 0x75;

const BACKSLASH = 0x5c;

/** Characters of the short escapes, by the letter after the backslash. */
export const ESCAPED: Readonly<Record<number, number>> = Object.fromEntries(
  ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)]),
);

/**
 * Code point of the `\u` escape whose digits begin at `at`, or of the surrogate pair if a second escape completes one.
 * NaN if the digits are invalid.
 */
export function codePointAt(bytes: Uint8Array, at: number): number {
  const unit = unitAt(bytes, at);
  if (!(unit >= 0xd800 && unit < 0xdc00) || bytes[at + 4] !== BACKSLASH || bytes[at + 5] !== UNICODE) return unit;
  const low = unitAt(bytes, at + 6);
  return low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : unit;
}

/** Writes a code point. @returns The position after it. */
export function writeUtf8(bytes: Uint8Array, from: number, code: number): number {
  let at = from;
  if (code < 0x80) bytes[at++] = code;
  else {
    if (code < 0x800) bytes[at++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[at++] = 0xe0 | (code >> 12);
      else {
        bytes[at++] = 0xf0 | (code >> 18);
        bytes[at++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[at++] = 0x80 | (code & 0x3f);
  }
  return at;
}

function unitAt(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = at; i < at + 4; i++) unit = 16 * unit + hexDigit(bytes[i]);
  return unit;
}

function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NaN;
}
