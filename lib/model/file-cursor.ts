import { readSync } from 'node:fs';

/** The bytes are not what they should be; the message says where and why. */
export class MalformedFile extends Error {}

/** Small, since a reader that skips much fills it again after each skip. */
const WINDOW_BYTES = 8 * 1024;

/** Reads a file forward through one small buffer. Bytes that are stepped over, by setting `position`, are not read. */
export class FileCursor {
  /** Offset in the file of the next byte. */
  position = 0;

  private readonly window = Buffer.allocUnsafe(WINDOW_BYTES);
  private windowStart = 0;
  private windowEnd = 0;

  constructor(private readonly descriptor: number) {}

  /** An unsigned varint: https://protobuf.dev/programming-guides/encoding/#varints (inexact beyond 53 bits). */
  varint(): number {
    let value = 0;
    for (let bits = 0; bits < 70; bits += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** bits;
      if (byte < 0x80) return value;
    }
    throw new MalformedFile(`a number at byte ${this.position - 10} has more than 64 bits`);
  }

  /** A copy of the bytes from `start` to here. */
  since(start: number): Buffer {
    if (start >= this.windowStart && this.position <= this.windowEnd) {
      return Buffer.from(this.window.subarray(start - this.windowStart, this.position - this.windowStart));
    }
    const copy = Buffer.allocUnsafe(this.position - start);
    let copied = 0;
    while (copied < copy.length) {
      copied += this.read(copy, copied, start + copied);
    }
    return copy;
  }

  private byte(): number {
    if (this.position < this.windowStart || this.position >= this.windowEnd) {
      this.windowStart = this.position;
      this.windowEnd = this.position + this.read(this.window, 0, this.position);
    }
    return this.window[this.position++ - this.windowStart] as number;
  }

  private read(into: Buffer, offset: number, position: number): number {
    const count = readSync(this.descriptor, into, offset, into.length - offset, position);
    if (count === 0) throw new MalformedFile(`it ends at byte ${position}, in the middle of a field`);
    return count;
  }
}
