import { isUtf8 } from 'node:buffer';
import { invalid, messageOf, ServingError } from '../base/errors';
import { arrayField, isAbsent, objectField } from '../base/fields';
import { notJson, parseJson } from '../json/json';
import {
  afterSpace,
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  codePointAt,
  COLON,
  COMMA,
  endOfNested,
  endOfString,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  SPACE,
  UNICODE,
} from '../json/json-bytes';

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

/** Number of bytes of a `\u` escape. */
const ESCAPE_BYTES = 6;

/** A request without its arrays of elements; what remains is small. */
export interface ScannedRequest {
  /** JSON with `[position]` in place of each input's `data` array; long white space is shortened. */
  readonly text: string;
  /** Bytes of the replaced arrays, including their brackets; `position` is the index in this list. */
  readonly arrays: readonly Buffer[];
  /** For each part of the text, the position at which it starts in the text and in the JSON. */
  readonly segments: ReadonlyArray<{ readonly inText: number; readonly inJson: number }>;
}

/** Limit on the nesting depth outside `data`; the protocol needs four levels. */
const MAX_DEPTH = 16;
/** Limit on the bytes outside `data`: names, shapes and parameters. Long white space does not count. */
const MAX_TEXT_BYTES = 64 * 1024;
/** White space up to this length is kept; longer white space is shortened. */
const LONG_SPACE = 32;

const [INPUTS, DATA] = [Buffer.from('inputs'), Buffer.from('data')];
/** Nesting depth of the keys of the request, and of the keys of an input. */
const [REQUEST_DEPTH, INPUT_DEPTH] = [1, 3];

/**
 * Removes the elements from a request before anything is built from it. Replaces each input's `data` array with an
 * array that contains only its index. Clients cannot forge an index, because every `data` array of a request is
 * replaced.
 * @param exact Whether the end of each array is found by counting all brackets. If false, the end of an array without
 * strings is guessed; the guess is always right for valid JSON, but may be wrong for invalid JSON.
 * @throws ServingError if the rest is nested too deeply, is too long, or is not UTF-8.
 */
export function scanRequest(json: Buffer, exact = false): ScannedRequest {
  return new RequestScan(json, exact).scan();
}

class RequestScan {
  private readonly arrays: Buffer[] = [];
  private readonly segments: { inText: number; inJson: number }[] = [];
  private text = '';
  /** Position up to which the JSON was processed. */
  private taken = 0;
  /** Position up to which the text may grow. */
  private limit: number;
  private depth = 0;
  private inInputs = false;

  constructor(
    private readonly json: Buffer,
    private readonly exact: boolean,
  ) {
    this.limit = Math.min(json.length, MAX_TEXT_BYTES);
  }

  scan(): ScannedRequest {
    const { json } = this;
    let at = 0;
    while (at < this.limit) {
      const byte = json[at]!;
      if (byte === QUOTE) at = this.afterString(at);
      else if (byte <= SPACE) at = this.afterSpace(at);
      else {
        if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.descend(at);
        else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.depth--;
        at++;
      }
    }
    if (at < json.length) throw tooLong();
    this.takeText(json.length, json.length);
    return { text: this.text, arrays: this.arrays, segments: this.segments };
  }

  private descend(at: number): void {
    if (++this.depth > MAX_DEPTH) {
      throw invalid(
        `the request is nested more than ${MAX_DEPTH} levels deep at byte ${at}, not counting levels inside "data"`,
      );
    }
  }

  private afterString(start: number): number {
    const { json, depth } = this;
    const end = endOfString(json, start);
    if (end >= this.limit || (end < 0 && json.length > this.limit)) throw tooLong();
    // JSON.parse reports the error.
    if (end < 0) return json.length;
    if (depth !== REQUEST_DEPTH && !(depth === INPUT_DEPTH && this.inInputs)) return end + 1;
    const colon = afterSpace(json, end + 1);
    if (json[colon] !== COLON) return end + 1;
    if (depth === REQUEST_DEPTH) {
      this.inInputs = isKey(json, start + 1, end, INPUTS);
      return end + 1;
    }
    const value = afterSpace(json, colon + 1);
    return json[value] === OPEN_ARRAY && isKey(json, start + 1, end, DATA) ? this.takeArray(end + 1, value) : end + 1;
  }

  /** Replaces an array with its index. @param keyEnd End of the key before the array. */
  private takeArray(keyEnd: number, start: number): number {
    const end = (this.exact ? undefined : guessedEnd(this.json, start)) ?? endOfNested(this.json, start);
    if (end < 0) throw notJson(`the array at byte ${start} is not terminated`);
    this.takeText(keyEnd, end);
    this.text += `:[${this.arrays.length}]`;
    this.arrays.push(this.json.subarray(start, end));
    return end;
  }

  private afterSpace(start: number): number {
    const end = afterSpace(this.json, start);
    if (end - start > LONG_SPACE) this.takeText(start + 1, end);
    return Math.max(end, start + 1);
  }

  /** Adds the JSON up to `end` to the text, and continues at `next`. */
  private takeText(end: number, next: number): void {
    const { json, taken } = this;
    if (!isUtf8(json.subarray(taken, end))) throw invalid('the JSON text is not UTF-8');
    this.segments.push({ inText: this.text.length, inJson: taken });
    this.text += json.toString('utf8', taken, end);
    this.taken = next;
    const left = MAX_TEXT_BYTES - this.text.length;
    this.limit = Math.min(json.length, next + left);
  }
}

function tooLong(): Error {
  return invalid(
    `the request has more than ${MAX_TEXT_BYTES} bytes of JSON outside the data of its inputs; shorten its names, shapes and parameters`,
  );
}

function isKey(json: Buffer, start: number, end: number, key: Buffer): boolean {
  if (json.compare(key, 0, key.length, start, end) === 0) return true;
  // Each character of the key may be a six-byte escape; none of them has a shorter escape.
  if (end - start > ESCAPE_BYTES * key.length) return false;
  let at = start;
  for (const character of key) {
    if (at >= end) return false;
    const isEscape = json[at] === BACKSLASH && json[at + 1] === UNICODE;
    if ((isEscape ? codePointAt(json, at + 2) : json[at]) !== character) return false;
    at += isEscape ? ESCAPE_BYTES : 1;
  }
  return at === end;
}

/**
 * Guesses the end of an array of numbers. Numbers contain neither quotes nor braces, so the array ends at the last
 * bracket before the next quote or brace.
 * @returns The position after the array; undefined if neither the end of an object nor another key follows.
 */
function guessedEnd(json: Buffer, start: number): number | undefined {
  const quote = json.indexOf(QUOTE, start);
  const beforeQuote = json.subarray(start, quote < 0 ? json.length : quote);
  // The search for a brace ends at the quote; otherwise a request with many arrays but no brace would take quadratic
  // time.
  const brace = beforeQuote.indexOf(CLOSE_OBJECT);
  const last = (brace < 0 ? beforeQuote : beforeQuote.subarray(0, brace)).lastIndexOf(CLOSE_ARRAY);
  if (last < 0) return undefined;
  const end = start + last + 1;
  const next = afterSpace(json, end);
  if (brace >= 0) return next === start + brace ? end : undefined;
  return json[next] === COMMA && afterSpace(json, next + 1) === quote ? end : undefined;
}
