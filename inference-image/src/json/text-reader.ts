import { isUtf8 } from 'node:buffer';
import { elementCount } from '../contract/signature';
import { invalid } from '../base/errors';
import type { TensorHeader } from '../tensor/tensor';
import { ArrayReader } from './array-reader';
import { afterSpace, BACKSLASH, codePointAt, COMMA, ESCAPED, QUOTE, SPACE, UNICODE, writeUtf8 } from './json-bytes';
import { LENGTH_BYTES, type PackedTexts } from '../tensor/packed-texts';

/** Upper bound of the memory for reading an array of strings in packed form. */
export function packedBytes(bytes: Uint8Array, count: number): number {
  return bytes.length + LENGTH_BYTES * count;
}

/** Reads a JSON array of strings from its bytes into the form of binary data, without creating strings. */
export class TextReader extends ArrayReader<'BYTES'> {
  private readonly packed: Buffer<ArrayBuffer>;
  private filled = 0;
  /** Bitwise OR of all bytes, to detect non-ASCII text. */
  private bits = 0;

  constructor(bytes: Buffer, header: TensorHeader & { readonly datatype: 'BYTES' }) {
    super(bytes, header);
    if (!isUtf8(bytes)) throw invalid('the JSON text is not UTF-8');
    this.packed = Buffer.from(new ArrayBuffer(packedBytes(bytes, elementCount(header.shape))));
  }

  read(): PackedTexts {
    this.readAll();
    return { packed: this.packed.subarray(0, this.filled), count: this.index, isAscii: this.bits < 0x80 };
  }

  protected readRow(size: number): void {
    const { bytes } = this;
    for (let left = size; left > 0; left--) {
      const start = afterSpace(bytes, this.at);
      if (bytes[start] !== QUOTE) throw this.notElement(start);
      this.at = afterSpace(bytes, this.readText(start));
      this.index++;
      if (left > 1 && bytes[this.at++] !== COMMA) throw this.noComma(this.at - 1);
    }
  }

  /** Reads the string whose opening quote is at `start`. @returns The position after it. */
  private readText(start: number): number {
    const { bytes, packed } = this;
    const first = this.filled + LENGTH_BYTES;
    let at = first;
    let from = start + 1;
    for (let byte = bytes[from]; byte !== QUOTE; byte = bytes[from]) {
      if (byte === undefined || byte < SPACE) throw this.unexpected(from);
      if (byte !== BACKSLASH) {
        packed[at++] = byte;
        this.bits |= byte;
        from++;
      } else if (bytes[from + 1] === UNICODE) {
        const code = codePointAt(bytes, from + 2);
        // Rejects invalid escapes. Also rejects U+0000, where onnxruntime-node would cut the string, and lone
        // surrogates, which it would replace.
        if (!(code > 0) || (code >= 0xd800 && code <= 0xdfff)) throw this.notElement(start);
        at = writeUtf8(packed, at, code);
        this.bits |= code;
        from += code > 0xffff ? 12 : 6;
      } else {
        const character = ESCAPED[bytes[from + 1]!];
        if (character === undefined) throw this.unexpected(from + 1);
        packed[at++] = character;
        from += 2;
      }
    }
    writeLength(packed, this.filled, at - first);
    this.filled = at;
    return from + 1;
  }
}

/** Writes a length as 32 bits, little-endian. */
function writeLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length >>> 16;
  bytes[at + 3] = length >>> 24;
}
