import { isUtf8 } from 'node:buffer';
import { elementCount } from '../contract/signature';
import { invalid } from '../errors';
import type { TensorHeader } from '../inference/tensor';
import { ArrayReader } from './array-reader';
import { BACKSLASH, COMMA, QUOTE, SPACE, afterSpace } from './json-bytes';
import { ESCAPED, UNICODE, codePointAt, writeUtf8 } from './json-escapes';
import { LENGTH_BYTES, type PackedTexts } from './packed-texts';

/** Shorter texts are copied byte by byte: a call takes as long. */
const SHORT_BYTES = 32;

/** What reading such an array allocates at most, before its elements are strings. */
export function packedBytes(bytes: Uint8Array, count: number): number {
  return bytes.length + LENGTH_BYTES * count;
}

/** Reads a JSON array of strings from its bytes, into the form that binary data has: no string is made. */
export class TextReader extends ArrayReader<'BYTES'> {
  private readonly packed: Buffer<ArrayBuffer>;
  private filled = 0;

  constructor(bytes: Buffer, header: TensorHeader & { readonly datatype: 'BYTES' }) {
    super(bytes, header);
    if (!isUtf8(bytes)) throw invalid('the JSON text is not UTF-8');
    this.packed = Buffer.from(new ArrayBuffer(packedBytes(bytes, elementCount(header.shape))));
  }

  read(): PackedTexts {
    this.readAll();
    return { packed: this.packed.subarray(0, this.filled), count: this.index };
  }

  protected readRow(size: number): void {
    const { bytes } = this;
    for (let left = size; left > 0; left--) {
      const start = afterSpace(bytes, this.at);
      if (bytes[start] !== QUOTE) throw this.notElement(start);
      let end = start + 1;
      let escaped = false;
      for (let byte = bytes[end]; byte !== QUOTE; byte = bytes[++end]) {
        if (byte === undefined || byte < SPACE) throw this.unexpected(end);
        if (byte !== BACKSLASH) continue;
        escaped = true;
        end++;
      }
      if (escaped) this.addEscaped(start + 1, end);
      else this.add(bytes, start + 1, end);
      this.index++;
      this.at = afterSpace(bytes, end + 1);
      if (left > 1 && bytes[this.at++] !== COMMA) throw this.noComma(this.at - 1);
    }
  }

  /** By itself: a text of many escapes never becomes a string here, whatever its length. */
  private addEscaped(start: number, end: number): void {
    const { bytes, packed } = this;
    const first = this.filled + LENGTH_BYTES;
    let at = first;
    for (let from = start; from < end;) {
      const byte = bytes[from++]!;
      if (byte !== BACKSLASH) packed[at++] = byte;
      else if (bytes[from] === UNICODE) {
        const code = codePointAt(bytes, from + 1);
        // What onnxruntime-node would cut or replace, and what is no escape at all.
        if (!(code > 0) || (code >= 0xd800 && code <= 0xdfff)) throw this.notElement(start - 1);
        from += code > 0xffff ? 11 : 5;
        at = writeUtf8(packed, at, code);
      } else {
        const character = ESCAPED[bytes[from]!];
        if (character === undefined) throw this.unexpected(from);
        packed[at++] = character;
        from++;
      }
    }
    packed.writeUInt32LE(at - first, this.filled);
    this.filled = at;
  }

  private add(bytes: Buffer, start: number, end: number): void {
    const { packed } = this;
    const length = end - start;
    let at = packed.writeUInt32LE(length, this.filled);
    if (length > SHORT_BYTES) at += bytes.copy(packed, at, start, end);
    else for (let from = start; from < end; from++) packed[at++] = bytes[from]!;
    this.filled = at;
  }
}
