import type { ServingError } from '../base/errors';
import type { Holding } from './memory-budget';

/**
 * Chunks below this size are copied into shared blocks, because even a tiny chunk can keep a much larger buffer alive.
 */
const KEPT_BYTES = 8 * 1024;
const MIN_BLOCK_BYTES = 4 * 1024;
const MAX_BLOCK_BYTES = 256 * 1024;

/** A body that arrives in chunks of any size. Its memory is reserved in a holding before it is used. */
export class BodyParts {
  /** Bytes received so far. */
  length = 0;
  private readonly parts: Buffer[] = [];
  /** Block for small chunks; the bytes from `copiedFrom` to `copiedTo` are not in `parts` yet. */
  private block?: Buffer;
  private copiedFrom = 0;
  private copiedTo = 0;
  private counted = 0;

  constructor(private readonly holding: Holding) {}

  /** @throws ServingError if the memory budget has no room. */
  append(chunk: Buffer): void {
    const memory = chunk.buffer.byteLength;
    if (chunk.length < KEPT_BYTES || chunk.length < memory / 2) this.copy(chunk);
    else {
      this.closeCopied();
      this.count(memory);
      this.parts.push(chunk);
    }
    this.length += chunk.length;
  }

  /**
   * Joins the chunks into one buffer, and reduces the reservation to exactly the body's length.
   * @throws ServingError if the memory budget has no room for the body in addition to its parts.
   */
  join(): Buffer {
    this.closeCopied();
    const [first] = this.parts;
    if (first && this.parts.length === 1 && first.length >= first.buffer.byteLength / 2) {
      this.holding.subtract(this.counted - this.length);
      return first;
    }
    this.holding.add(this.length);
    const body = Buffer.concat(this.parts, this.length);
    this.holding.subtract(this.counted);
    return body;
  }

  private copy(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (!this.block || this.copiedTo === this.block.length) this.beginBlock();
      const copied = chunk.copy(this.block as Buffer, this.copiedTo, at);
      this.copiedTo += copied;
      at += copied;
    }
  }

  private beginBlock(): void {
    this.closeCopied();
    const bytes = Math.max(MIN_BLOCK_BYTES, Math.min(MAX_BLOCK_BYTES, this.length));
    this.count(bytes);
    // The block is allocated outside the pool that small buffers share.
    this.block = Buffer.allocUnsafeSlow(bytes);
    this.copiedFrom = this.copiedTo = 0;
  }

  private closeCopied(): void {
    if (!this.block || this.copiedTo === this.copiedFrom) return;
    this.parts.push(this.block.subarray(this.copiedFrom, this.copiedTo));
    this.copiedFrom = this.copiedTo;
  }

  private count(bytes: number): void {
    this.holding.add(bytes);
    this.counted += bytes;
  }
}

/** Limit on the bytes of a body or a message, both compressed and decompressed. */
export interface SizeLimit {
  readonly bytes: number;
  /** Creates the error for a body or a message above the limit. */
  error(): ServingError;
}
