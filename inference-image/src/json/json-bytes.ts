/** Functions that find the ends of strings and values in the bytes of JSON without building anything. */

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
