import { isUtf8 } from 'node:buffer';
import { invalid } from '../errors';
import {
  BACKSLASH,
  CLOSE_ARRAY,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  OPEN_ARRAY,
  OPEN_OBJECT,
  QUOTE,
  SPACE,
  afterSpace,
  endOfNested,
  endOfString,
} from './json-bytes';
import { notJson } from './json';
import { codePointAt, UNICODE } from './json-escapes';

/** What a `\u` escape takes. */
const ESCAPE_BYTES = 6;

/** A request whose arrays of elements have been taken out, so that what is left is small. */
export interface ScannedRequest {
  /** The JSON with `[position]` in place of the array of each input's `data`; white space is shortened. */
  readonly text: string;
  /** The bytes of those arrays, from bracket to bracket. `position` counts them. */
  readonly arrays: readonly Buffer[];
  /** Where the parts of the text begin, in it and in the JSON. */
  readonly segments: ReadonlyArray<{ readonly inText: number; readonly inJson: number }>;
}

/** Levels of nesting outside of the elements; the protocol takes four. */
const MAX_DEPTH = 16;
/** Bytes outside of the elements: names, shapes, parameters. White space between them does not count. */
const MAX_TEXT_BYTES = 64 * 1024;
/** White space up to this length is left as it is. */
const LONG_SPACE = 32;

const [INPUTS, DATA] = [Buffer.from('inputs'), Buffer.from('data')];
/** Of the keys of the request, and of those of an input. */
const [REQUEST_DEPTH, INPUT_DEPTH] = [1, 3];

/**
 * Takes the elements out of a request before anything is built from it. Each array that stands where an input's `data`
 * does becomes a position, in an array of its own: no client can write one in its stead.
 * @param exact Whether the end of each array is found by counting all its brackets. Otherwise it is guessed where it
 * holds no strings: the guess is right if the text and the arrays are JSON, and wrong for some that are not.
 * @throws ServingError where what is left is nested too deeply or too long, or is not UTF-8.
 */
export function scanRequest(json: Buffer, exact = false): ScannedRequest {
  return new RequestScan(json, exact).scan();
}

class RequestScan {
  private readonly arrays: Buffer[] = [];
  private readonly segments: { inText: number; inJson: number }[] = [];
  private text = '';
  /** Up to here the JSON has become text or an array. */
  private taken = 0;
  /** The text may grow up to here. */
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
      throw invalid(`the request is nested deeper than ${MAX_DEPTH} levels outside of data, at byte ${at}`);
    }
  }

  private afterString(start: number): number {
    const { json, depth } = this;
    const end = endOfString(json, start);
    if (end >= this.limit || (end < 0 && json.length > this.limit)) throw tooLong();
    // JSON.parse says what is wrong.
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

  /** @param keyEnd Where the key before the array ends. */
  private takeArray(keyEnd: number, start: number): number {
    const end = (this.exact ? undefined : guessedEnd(this.json, start)) ?? endOfNested(this.json, start);
    if (end < 0) throw notJson(`the array at byte ${start} does not end`);
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

  /** Adds to the text what ends at `end`, and goes on from `next`. */
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
    `the request has more than ${MAX_TEXT_BYTES} bytes of JSON outside of its inputs' data; it takes no more than that for names, shapes and parameters`,
  );
}

function isKey(json: Buffer, start: number, end: number, key: Buffer): boolean {
  if (json.compare(key, 0, key.length, start, end) === 0) return true;
  // Each character may be escaped, in six bytes. Keys have no others that JSON has short escapes for.
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
 * Neither a quote nor a brace stands among numbers: what ends them is the last bracket before one.
 * @returns undefined where what follows is neither the end of an object nor another key.
 */
function guessedEnd(json: Buffer, start: number): number | undefined {
  const quote = json.indexOf(QUOTE, start);
  const beforeQuote = json.subarray(start, quote < 0 ? json.length : quote);
  // Looked for no further, or many arrays without any brace would take quadratic time.
  const brace = beforeQuote.indexOf(CLOSE_OBJECT);
  const last = (brace < 0 ? beforeQuote : beforeQuote.subarray(0, brace)).lastIndexOf(CLOSE_ARRAY);
  if (last < 0) return undefined;
  const end = start + last + 1;
  const next = afterSpace(json, end);
  if (brace >= 0) return next === start + brace ? end : undefined;
  return json[next] === COMMA && afterSpace(json, next + 1) === quote ? end : undefined;
}
