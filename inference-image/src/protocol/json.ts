import { parse as parseLossless } from 'lossless-json';
import { invalid, messageOf, type ServingError } from '../errors';

/** An integer of 16 digits or more, which a double may not hold exactly; not the digits of a fraction. */
const LONG_INTEGER = /[[,:\s-]\d{16,}\s*[,\]}]/;

/** Some clients on Windows begin a text with it; JSON.parse does not take it: https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
const BYTE_ORDER_MARK = 0xfeff;

/**
 * Parses JSON, also behind a byte order mark. With `exactIntegers`, integers beyond a double's 53 bits become bigints.
 * That parser is many times slower than JSON.parse, so it is used only where a text holds such an integer.
 */
export function parseJson(marked: string, { exactIntegers }: { exactIntegers: boolean }): unknown {
  const text = marked.charCodeAt(0) === BYTE_ORDER_MARK ? marked.slice(1) : marked;
  try {
    if (exactIntegers && LONG_INTEGER.test(text)) return parseLossless(text, undefined, AS_JSON_PARSE);
    return JSON.parse(text);
  } catch (error) {
    const remedy = BARE_FLOAT.test(text) ? '; write NaN and infinities as strings, such as "NaN"' : '';
    throw notJson(messageOf(error) + remedy);
  }
}

/** NaN and infinities as Python and JavaScript print them. */
const BARE_FLOAT = /(?:^|[[,:\s])-?(?:NaN|Infinity)\b/;

export function notJson(problem: string): ServingError {
  return invalid(`not valid JSON: ${problem}`);
}

/** As JSON.parse has it, the last of two equal keys counts. */
const AS_JSON_PARSE = { parseNumber, onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue };

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(text) ? number : BigInt(text);
}
