/**
 * Functions that find the ends of strings and values in the bytes of JSON without building anything, and that decode
 * the escapes of strings.
 */

export const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
export const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
export const SPACE = 0x20;

/** Position of the first byte at or after `from` that is not white space. */
export function afterSpace(json: Uint8Array, from: number): number {
  let at = from;
  for (let byte = json[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;) byte = json[++at];
  return at;
}

/** Position of the closing quote of the string that opens at `start`; -1 if there is none. */
export function endOfString(json: Uint8Array, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at++;
  }
  return -1;
}

/**
 * Position after the array or object that begins at `start`; -1 if it is not terminated. Does not distinguish brackets
 * from braces.
 */
export function endOfNested(json: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      if (--depth === 0) return at + 1;
    } else if (byte === QUOTE) {
      at = endOfString(json, at);
      if (at < 0) return -1;
    }
  }
  return -1;
}

/** Position after the value that begins at `start`, or of the first byte that cannot be part of it. */
export function endOfValue(json: Uint8Array, start: number): number {
  const byte = json[start];
  if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) return orEnd(json, endOfNested(json, start));
  if (byte === QUOTE) return orEnd(json, endOfString(json, start) + 1 || -1);
  let at = start;
  while (at < json.length && isScalarByte(json[at]!)) at++;
  return at;
}

/** Counts the items of the array in `json`, including its brackets, without validating them. */
export function countItems(json: Uint8Array): number {
  if (json[afterSpace(json, 1)] === CLOSE_ARRAY) return 0;
  let [count, depth] = [1, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === COMMA && depth === 1) count++;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    else if (byte === QUOTE) {
      at = endOfString(json, at);
      if (at < 0) break;
    }
  }
  return count;
}

function orEnd(json: Uint8Array, position: number): number {
  return position < 0 ? json.length : position;
}

function isScalarByte(byte: number): boolean {
  return (
    byte > SPACE && byte !== COMMA && byte !== COLON && byte !== CLOSE_ARRAY && byte !== CLOSE_OBJECT && byte !== QUOTE
  );
}

/** The letter `u` of `\u` escapes. */
export const UNICODE = 0x75;

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
