import { invalid, messageOf, ServingError } from '../base/errors';
import { arrayField, isAbsent, objectField } from '../base/fields';
import { parseJson } from '../json/json';
import { scanRequest, type ScannedRequest } from './request-scan';

/** A parsed request without the arrays of its elements. */
export interface ParsedRequest {
  /** JSON with `[position]` in place of each input's `data` array. */
  readonly json: unknown;
  /** Bytes of the removed `data` arrays. */
  readonly arrays: readonly Buffer[];
}

/**
 * Parses the structure of a request after checking its size; the bytes of the `data` arrays are kept but not parsed.
 */
export function parseAround(bytes: Buffer, exactIntegers: boolean): ParsedRequest {
  const scanned = scanRequest(bytes);
  try {
    return parsed(scanned, exactIntegers);
  } catch (error) {
    // If the end of an array was guessed wrongly, the error may be wrong as well, so the request is scanned again
    // without guesses.
    if (scanned.arrays.length === 0) throw error;
    return parsed(scanRequest(bytes, true), exactIntegers);
  }
}

/** Returns the array of an input's `data`. */
export function arrayOf({ arrays }: ParsedRequest, data: unknown): Buffer {
  const [position] = arrayField(data, 'data');
  return arrays[position as number] as Buffer;
}

function parsed(scanned: ScannedRequest, exactIntegers: boolean): ParsedRequest {
  const { text, arrays } = scanned;
  const json = parse(scanned, text, exactIntegers);
  const { inputs } = objectField(json, 'the request');
  const used = arrayField(inputs, 'inputs').filter((input) => {
    return !isAbsent(input) && Array.isArray((input as { data?: unknown }).data);
  });
  // An array that no input uses would not be read, and therefore not validated.
  if (used.length < arrays.length) throw invalid('a key is given twice: inputs, or the data of an input');
  return { json, arrays };
}

function parse(scanned: ScannedRequest, text: string, exactIntegers: boolean): unknown {
  try {
    return parseJson(text, { exactIntegers });
  } catch (error) {
    throw error instanceof ServingError ? invalid(withPosition(messageOf(error), scanned)) : error;
  }
}

/** Converts the position in an error message from the scanned text to the request. */
function withPosition(message: string, { segments }: ScannedRequest): string {
  return message.replace(/position (\d+)( \(line \d+ column \d+\))?/, (all, digits: string) => {
    const position = Number(digits);
    const { inText, inJson } = segments.findLast((segment) => segment.inText <= position) ?? { inText: 0, inJson: 0 };
    return inText === inJson ? all : `position ${position - inText + inJson}`;
  });
}
