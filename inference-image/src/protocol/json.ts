import { parse as parseLossless } from 'lossless-json';
import { invalid, messageOf, type ServingError } from '../errors';

/** An integer of 16 digits or more, which a double may not hold exactly; not the digits of a fraction. */
const LONG_INTEGER = /[[,:\s-]\d{16,}\s*[,\]}]/;

/**
 * Parses JSON. With `exactIntegers`, integers beyond a double's 53 bits become bigints. That parser is many times
 * slower than JSON.parse, so it is used only where a text holds such an integer.
 */
export function parseJson(text: string, { exactIntegers }: { exactIntegers: boolean }): unknown {
  try {
    if (exactIntegers && LONG_INTEGER.test(text)) return parseLossless(text, undefined, AS_JSON_PARSE);
    return JSON.parse(text);
  } catch (error) {
    throw notJson(messageOf(error));
  }
}

export function notJson(problem: string): ServingError {
  return invalid(`not valid JSON: ${problem} (NaN and infinities are written as strings)`);
}

/** As JSON.parse has it, the last of two equal keys counts. */
const AS_JSON_PARSE = { parseNumber, onDuplicateKey: ({ newValue }: { newValue: unknown }) => newValue };

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) || !/^-?\d+$/.test(text) ? number : BigInt(text);
}
