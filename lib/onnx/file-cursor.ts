import { readSync } from 'node:fs';

/** Error for a file with invalid content; its message gives the reason. */
export class MalformedFile extends Error {}

/** Size of the buffer. It is small, because a reader that skips often must refill the buffer after each skip. */
const WINDOW_BYTES = 8 * 1024;

/** Reads a file forward through one small buffer. Bytes that are skipped by setting `position` are not read. */
export class FileCursor {
  /** Offset of the next byte in the file. */
  position = 0;

  private readonly window = Buffer.allocUnsafe(WINDOW_BYTES);
  private windowStart = 0;
  private windowEnd = 0;

  constructor(private readonly descriptor: number) {}

  /**
   * Reads an unsigned varint (https://protobuf.dev/programming-guides/encoding/#varints). Values of more than 53 bits
   * are inexact.
   */
  varint(): number {
    let value = 0;
    for (let bits = 0; bits < 70; bits += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** bits;
      if (byte < 0x80) return value;
    }
    throw new MalformedFile(`a number at byte ${this.position - 10} has more than 64 bits`);
  }

  /** Copies the bytes from `start` to the current position. */
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
    if (count === 0) throw new MalformedFile(`the file ends at byte ${position}, in the middle of a field`);
    return count;
  }
}
