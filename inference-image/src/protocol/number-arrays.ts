import { isUtf8 } from 'node:buffer';

/** A request whose numbers have been taken out. */
export interface NumberRequest {
  /** The JSON with the position of its array in `arrays` in place of each input's `data`. */
  readonly text: string;
  /** The bytes of those arrays, from bracket to bracket. */
  readonly arrays: readonly Buffer[];
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const KEY = Buffer.from('"data"');
/** Within the request, its `inputs` and one of them. */
const DEPTH = 3;

/**
 * Takes the arrays of numbers out of a request, for what is left is small and the numbers can be read from their bytes.
 * Every `data` that stands as deep as an input's does becomes a position, so that no client can write one in its stead.
 * @returns undefined where any of them is something else, where there is an escape outside of them (a key may hide
 * behind it), and where there are none.
 */
export function takeNumbers(json: Buffer): NumberRequest | undefined {
  const arrays: Buffer[] = [];
  let text = '';
  let taken = 0;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--;
    else if (byte === BACKSLASH) return undefined;
    else if (byte === QUOTE) {
      const key = at;
      for (at++; json[at] !== QUOTE; at++) if (at >= json.length || json[at] === BACKSLASH) return undefined;
      if (depth !== DEPTH || !isKey(json, key, at)) continue;
      const start = skipSpace(json, skipSpace(json, at + 1) + 1);
      const end = endOfNumbers(json, start);
      if (end === undefined || !isUtf8(json.subarray(taken, start))) return undefined;
      // The space keeps what follows out of the number: [1]e0 is no JSON, and 0e0 would be.
      text += `${json.toString('utf8', taken, start)}${arrays.length} `;
      arrays.push(json.subarray(start, end));
      taken = end;
      at = end - 1;
    }
  }
  if (arrays.length === 0 || !isUtf8(json.subarray(taken))) return undefined;
  return { text: text + json.toString('utf8', taken), arrays };
}

/** Whether the string between these quotes is the key of an input's data. */
function isKey(json: Buffer, start: number, end: number): boolean {
  if (end - start !== KEY.length - 1 || json.compare(KEY, 0, KEY.length, start, end + 1) !== 0) return false;
  return json[skipSpace(json, end + 1)] === COLON;
}

/** Neither a quote nor a brace stands among numbers: what ends them is the last bracket before one. */
function endOfNumbers(json: Buffer, start: number): number | undefined {
  if (json[start] !== OPEN_ARRAY) return undefined;
  const quote = json.indexOf(QUOTE, start);
  const beforeQuote = json.subarray(start, quote < 0 ? json.length : quote);
  // Looked for no further, or many arrays without any brace would take quadratic time.
  const brace = beforeQuote.indexOf(CLOSE_OBJECT);
  const last = (brace < 0 ? beforeQuote : beforeQuote.subarray(0, brace)).lastIndexOf(CLOSE_ARRAY);
  return last < 0 ? undefined : start + last + 1;
}

function skipSpace(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at++;
  return at;
}
