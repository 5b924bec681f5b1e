import { parse as parseLossless } from 'lossless-json';
import { invalid, messageOf, type ServingError } from '../errors';

/** An integer of at least 16 digits, which a double might not represent exactly; digits of a fraction do not match. */
const LONG_INTEGER = /[[,:\s-]\d{16,}\s*[,\]}]/;

/**
 * Byte order mark with which some clients on Windows begin texts, and which JSON.parse rejects:
 * https://www.rfc-editor.org/rfc/rfc8259#section-8.1
 */
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Parses JSON, optionally after a byte order mark. With `exactIntegers`, integers beyond a double's 53 bits become
 * bigints. This needs a parser that is many times slower than JSON.parse, so that parser is used only for texts that
 * contain such an integer.
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

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(text) ? number : BigInt(text);
}
