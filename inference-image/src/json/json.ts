import { parse as parseLossless } from 'lossless-json';
import { invalid, messageOf, type ServingError } from '../base/errors';
import { exactInteger } from './decimal';

/**
 * A number of at least 16 digits that may be an integer, which a double may not represent exactly: without a fraction,
 * with a fraction of zeros, or with a positive exponent.
 */
const LONG_INTEGER = /[[,:\s-](?:\d{16,}(?:\.0+)?|\d+(?:\.\d+)?[eE]\+?\d{1,2})\s*[,\]}]/;

/**
 * Byte order mark that some clients on Windows write before the JSON, and that JSON.parse rejects:
 * https://www.rfc-editor.org/rfc/rfc8259#section-8.1
 */
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Parses JSON, optionally after a byte order mark. With `exactIntegers`, integers beyond a double's 53 bits become
 * bigints. The parser for this is many times slower than JSON.parse, so it is used only for JSON that contains such an
 * integer.
 */
export function parseJson(source: string, { exactIntegers }: { exactIntegers: boolean }): unknown {
  const text = source.charCodeAt(0) === BYTE_ORDER_MARK ? source.slice(1) : source;
  try {
    if (exactIntegers && LONG_INTEGER.test(text)) return parseLossless(text, undefined, AS_JSON_PARSE);
    return JSON.parse(text);
  } catch (error) {
    const remedy = BARE_FLOAT.test(text) ? '; write NaN and infinities as strings, such as "NaN"' : '';
    throw notJson(messageOf(error) + remedy);
  }
}

/** Matches NaN and infinities as Python and JavaScript print them. */
const BARE_FLOAT = /(?:^|[[,:\s])-?(?:NaN|Infinity)\b/;

export function notJson(problem: string): ServingError {
  return invalid(`not valid JSON: ${problem}`);
}

/** Options that make the parser use the last of duplicate keys, as JSON.parse does. */
const AS_JSON_PARSE = { parseNumber, onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue };

/** Bound on the integers of all datatypes. Larger numbers with an exponent belong to floating-point tensors. */
const MAX_INTEGER = 2 ** 64;

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  if (Number.isSafeInteger(number) || (Math.abs(number) > MAX_INTEGER && /e/i.test(text))) return number;
  return exactInteger(text) ?? number;
}
