import { invalid, messageOf, ServingError } from '../errors';
import { arrayField, isAbsent, objectField } from './fields';
import { parseJson } from './json';
import { scanRequest, type ScannedRequest } from './request-scan';

/** A request that is parsed, but for the arrays of its elements. */
export interface ParsedRequest {
  /** Has `[position]` in place of the array of each input's `data`. */
  readonly json: unknown;
  /** The bytes of those arrays. */
  readonly arrays: readonly Buffer[];
}

/** Parses what is around the elements of a request, after its size has been checked. */
export function parseAround(bytes: Buffer, exactIntegers: boolean): ParsedRequest {
  const scanned = scanRequest(bytes);
  try {
    return parsed(scanned, exactIntegers);
  } catch (error) {
    // An end that was guessed may be wrong, and the error with it.
    if (scanned.arrays.length === 0) throw error;
    return parsed(scanRequest(bytes, true), exactIntegers);
  }
}

/** The array that stands for an input's `data`. */
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
  // An array that no input takes is not read, and so nobody knows whether it is JSON.
  if (used.length < arrays.length) throw invalid('a key is given twice: inputs, or the data of an input');
  return { json, arrays };
}

function parse(scanned: ScannedRequest, text: string, exactIntegers: boolean): unknown {
  try {
    return parseJson(text, { exactIntegers });
  } catch (error) {
    throw error instanceof ServingError ? invalid(withPlace(messageOf(error), scanned)) : error;
  }
}

/** Names the place in the request where the error names one in the text. */
function withPlace(message: string, { segments }: ScannedRequest): string {
  return message.replace(/position (\d+)( \(line \d+ column \d+\))?/, (all, digits: string) => {
    const position = Number(digits);
    const { inText, inJson } = segments.findLast((segment) => segment.inText <= position) ?? { inText: 0, inJson: 0 };
    return inText === inJson ? all : `position ${position - inText + inJson}`;
  });
}
