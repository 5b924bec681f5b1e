import type { Holding } from '../../budget/memory-budget';
import type { SizeLimit } from '../../budget/body-parts';
import { invalid, ServingError } from '../../base/errors';
import type { Method } from './method';
import { PREFIX_BYTES } from '../../protocol/wire-format';

const FIRST_BYTES = 16 * 1024;

type Limits = Pick<Method, 'path' | 'maxMessageBytes' | 'limitSetting'>;

/**
 * Assembles messages, one at a time, from the chunks of a stream. All memory is reserved in the holding before it is
 * used. A declared length alone allocates nothing; the buffer grows as bytes arrive.
 */
export class MessageReader {
  /** The latest message, once it is complete. */
  content?: Buffer;
  isCompressed = false;
  /** Bytes of the budget that the message holds. */
  heldBytes = 0;
  /** Received bytes of a prefix that has not arrived completely; most prefixes arrive in one piece. */
  private prefix?: Buffer;
  private prefixLength = 0;
  private length = 0;
  private buffer?: Buffer;
  private received = 0;

  constructor(private readonly limits: Limits) {}

  /** Whether part of a message has arrived, but not all of it. */
  get isWithinMessage(): boolean {
    return this.prefixLength > 0 && !this.content;
  }

  /**
   * Consumes the part of a chunk that belongs to the message.
   * @param holding Holding that reserves the message's memory. @default - not reserved; the message must be small
   * @returns Number of bytes consumed.
   */
  push(chunk: Buffer, holding: Holding | undefined): number {
    let taken = 0;
    if (this.prefixLength < PREFIX_BYTES) {
      taken = this.takePrefix(chunk);
      if (this.prefixLength < PREFIX_BYTES) return taken;
    }
    const wanted = Math.min(this.length - this.received, chunk.length - taken);
    if (this.received === 0 && wanted === this.length && holding) {
      // The chunk contains the whole message, so no copy is needed. The message keeps the entire read buffer alive, so
      // all of that buffer is counted.
      this.hold(holding, chunk.buffer.byteLength);
      this.content = chunk.subarray(taken, taken + wanted);
    } else this.append(chunk.subarray(taken, taken + wanted), holding);
    return taken + wanted;
  }

  /** Releases the message and prepares for the next one. */
  clear(holding: Holding | undefined): void {
    holding?.subtract(this.heldBytes);
    this.heldBytes = 0;
    this.content = undefined;
    this.buffer = undefined;
    this.prefixLength = 0;
    this.received = 0;
  }

  /** Replaces a compressed message with its content, which the holding already counts. */
  replace(content: Buffer, holding: Holding | undefined): void {
    this.clear(holding);
    this.content = content;
    this.isCompressed = false;
    this.heldBytes = content.length;
  }

  private takePrefix(chunk: Buffer): number {
    let prefix = chunk;
    const taken = Math.min(PREFIX_BYTES - this.prefixLength, chunk.length);
    if (taken < PREFIX_BYTES) {
      prefix = this.prefix ??= Buffer.alloc(PREFIX_BYTES);
      chunk.copy(prefix, this.prefixLength, 0, taken);
    }
    this.prefixLength += taken;
    if (this.prefixLength === PREFIX_BYTES) this.begin(prefix);
    return taken;
  }

  private begin(prefix: Buffer): void {
    const flag = prefix[0] as number;
    if (flag > 1)
      throw invalid(`the message begins with byte ${flag}; it must be 0, or 1 if the message is compressed`);
    this.isCompressed = flag === 1;
    this.length = prefix.readUInt32BE(1);
    assertSize(this.length, this.limits);
  }

  private append(part: Buffer, holding: Holding | undefined): void {
    const needed = this.received + part.length;
    let { buffer } = this;
    if (!buffer || buffer.length < needed) {
      // Doubling limits both the copying and the memory for bytes that never arrive.
      const capacity = Math.min(this.length, Math.max(FIRST_BYTES, 2 * needed));
      this.hold(holding, capacity);
      const larger = Buffer.allocUnsafeSlow(capacity);
      buffer?.copy(larger, 0, 0, this.received);
      if (buffer) this.unhold(holding, buffer.length);
      this.buffer = buffer = larger;
    }
    part.copy(buffer, this.received);
    this.received = needed;
    if (needed === this.length) this.content = buffer;
  }

  private hold(holding: Holding | undefined, bytes: number): void {
    holding?.add(bytes);
    this.heldBytes += bytes;
  }

  private unhold(holding: Holding | undefined, bytes: number): void {
    holding?.subtract(bytes);
    this.heldBytes -= bytes;
  }
}

/** Throws if a message exceeds the method's limit. */
function assertSize(bytes: number, { path, maxMessageBytes, limitSetting }: Limits): void {
  if (bytes <= maxMessageBytes) return;
  const limit =
    limitSetting === undefined ? `${path} accepts ${maxMessageBytes}` : `${limitSetting} is ${maxMessageBytes}`;
  throw new ServingError('tooLarge', `the message has ${bytes} bytes; ${limit}`);
}

/** Limit on the size of a message after decompression. */
export function inflationLimit({ path, maxMessageBytes, limitSetting }: Limits): SizeLimit {
  const limit = `the limit of ${limitSetting ?? path} is ${maxMessageBytes} bytes`;
  const error = () => new ServingError('tooLarge', `the message is too large after decompression; ${limit}`);
  return { bytes: maxMessageBytes, error };
}
