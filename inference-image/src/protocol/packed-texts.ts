import { isUtf8 } from 'node:buffer';
import { invalid } from '../errors';
import type { Sliced } from './sliced-work';

/** Of the length before each text. */
export const LENGTH_BYTES = 4;

/** What a string takes besides its characters, with its place in an array. */
const STRING_BYTES = 48;

/** For longer texts a call is as fast as a loop. */
const SHORT_BYTES = 64;

/** Texts and their bytes that are made strings at a time: a few milliseconds. */
const SLICE_TEXTS = 8192;
export const SLICE_BYTES = 1024 * 1024;

/** Texts as binary data has them, each its length and its bytes. They are many times as large as strings. */
export interface PackedTexts {
  readonly packed: Uint8Array;
  readonly count: number;
  /** Whether all characters are known to be ASCII, and none U+0000. @default false */
  readonly isAscii?: boolean;
}

export function isPacked(data: object): data is PackedTexts {
  return 'packed' in data;
}

/** What texts take at most as strings, in bytes: two for each character where one of them is not Latin. */
export function textBytes(count: number, utf8Bytes: number): number {
  return STRING_BYTES * count + 2 * utf8Bytes;
}

/** How many texts there are, before any is made. @param max Where counting ends. */
export function countTexts(bytes: Buffer, max = Infinity): number {
  let count = 0;
  for (let at = 0; at < bytes.length && count <= max; count++) {
    at = at + LENGTH_BYTES <= bytes.length ? at + LENGTH_BYTES + lengthAt(bytes, at) : Infinity;
    if (at > bytes.length) throw invalid(`its binary data ends within element ${count}`);
  }
  return count;
}

/** Makes the texts strings at once. */
export function unpackTexts(texts: PackedTexts): string[] {
  const strings: string[] = [];
  new Unpacking(texts).addTo(strings, Infinity, Infinity);
  return strings;
}

/** The same in slices. */
export function* unpackInSlices(texts: PackedTexts): Sliced<string[]> {
  const strings: string[] = [];
  const unpacking = new Unpacking(texts);
  while (!unpacking.isDone) {
    if (unpacking.nextLength > SLICE_BYTES) yield* unpacking.addLong(strings);
    else unpacking.addTo(strings, SLICE_TEXTS, SLICE_BYTES);
    if (!unpacking.isDone) yield;
  }
  return strings;
}

class Unpacking {
  private readonly bytes: Buffer;
  private readonly isAscii: boolean;
  private at = 0;

  constructor({ packed, isAscii = false }: PackedTexts) {
    this.isAscii = isAscii;
    this.bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  }

  get isDone(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Bytes of the next text. */
  get nextLength(): number {
    return lengthAt(this.bytes, this.at);
  }

  /** Adds so many texts, each of `maxBytes` at most, and together of less than twice as many. */
  addTo(strings: string[], maxTexts: number, maxBytes: number): void {
    const { bytes, at: from } = this;
    const ends: number[] = [];
    while (!this.isDone && ends.length < maxTexts && this.at - from < maxBytes && this.nextLength <= maxBytes) {
      this.at += LENGTH_BYTES + this.nextLength;
      ends.push(this.at);
    }
    // To cut a string takes a fifth of the time that it takes to make one of bytes.
    const characters = bytes.toString('latin1', from, this.at);
    let start = from + LENGTH_BYTES;
    for (const end of ends) {
      const text =
        this.isAscii || isShortAscii(bytes, start, end)
          ? characters.slice(start - from, end - from)
          : textAt(bytes, start, end, strings.length);
      strings.push(text);
      start = end + LENGTH_BYTES;
    }
  }

  /** Adds one text in slices. */
  *addLong(strings: string[]): Sliced<void> {
    const { bytes } = this;
    const start = this.at + LENGTH_BYTES;
    const end = (this.at = start + this.nextLength);
    const text = yield* longText(bytes.subarray(start, end));
    if (text === undefined) throw notText(strings.length);
    strings.push(text);
  }
}

/** A text of more than a slice; undefined where it is not UTF-8, or has U+0000. */
export function* longText(bytes: Buffer): Sliced<string | undefined> {
  if (!isUtf8(bytes)) return undefined;
  let text = '';
  for (let from = 0, to: number; from < bytes.length; from = to) {
    to = Math.min(bytes.length, from + SLICE_BYTES);
    while (to < bytes.length && isContinuation(bytes[to]!)) to--;
    const slice = bytes.toString('utf8', from, to);
    if (slice.includes('\0')) return undefined;
    text += slice;
    if (to < bytes.length) yield;
  }
  return text;
}

/** Whether a byte is not the first one of a character in UTF-8. */
function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** As readUInt32LE has it, in less time. */
function lengthAt(bytes: Buffer, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function textAt(bytes: Buffer, start: number, end: number, index: number): string {
  const text = shortText(bytes.subarray(start, end));
  if (text === undefined) throw notText(index);
  return text;
}

/** A text at once; undefined where it is not UTF-8, or has U+0000. */
export function shortText(bytes: Buffer): string | undefined {
  const text = isUtf8(bytes) ? bytes.toString('utf8') : '\0';
  return text.includes('\0') ? undefined : text;
}

function notText(index: number): Error {
  return invalid(`element ${index} of its binary data is not UTF-8 text without U+0000`);
}

/** Whether a text has such characters alone, and no U+0000. */
function isShortAscii(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > SHORT_BYTES) return false;
  for (let at = start; at < end; at++) if (bytes[at]! > 0x7f || bytes[at] === 0) return false;
  return true;
}
