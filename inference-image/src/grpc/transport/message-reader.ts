import type { Holding } from '../../budget/holding';
import type { SizeLimit } from '../../budget/size-limit';
import { invalid, ServingError } from '../../errors';
import type { Method } from './method';
import { PREFIX_BYTES } from '../../protocol/wire-writer';

const FIRST_BYTES = 16 * 1024;

type Limits = Pick<Method, 'path' | 'maxMessageBytes' | 'limitSetting'>;

/**
 * Puts together messages, one at a time, from the chunks of a stream. Nothing is kept that the holding has not counted,
 * and what a message announces is not allocated before a part of it has come.
 */
export class MessageReader {
  /** The last message, once it is whole. */
  content?: Buffer;
  isCompressed = false;
  /** Bytes of the budget that the message has taken. */
  heldBytes = 0;
  /** What has come of a prefix that is not whole: most come in one piece. */
  private prefix?: Buffer;
  private prefixLength = 0;
  private length = 0;
  private buffer?: Buffer;
  private received = 0;

  constructor(private readonly limits: Limits) {}

  /** Whether a message has begun that is not whole. */
  get isWithinMessage(): boolean {
    return this.prefixLength > 0 && !this.content;
  }

  /**
   * Takes what it needs of a chunk to complete the message.
   * @param holding Where the message counts. @default - not at all: it must be small
   * @returns How many bytes of the chunk it took.
   */
  push(chunk: Buffer, holding: Holding | undefined): number {
    let taken = 0;
    if (this.prefixLength < PREFIX_BYTES) {
      taken = this.takePrefix(chunk);
      if (this.prefixLength < PREFIX_BYTES) return taken;
    }
    const wanted = Math.min(this.length - this.received, chunk.length - taken);
    if (this.received === 0 && wanted === this.length && holding) {
      // All of it: the chunk is as good as a copy. It keeps alive what was read from the connection with it.
      this.hold(holding, chunk.buffer.byteLength);
      this.content = chunk.subarray(taken, taken + wanted);
    } else this.append(chunk.subarray(taken, taken + wanted), holding);
    return taken + wanted;
  }

  /** Lets go of the message; the next may come. */
  clear(holding: Holding | undefined): void {
    holding?.subtract(this.heldBytes);
    this.heldBytes = 0;
    this.content = undefined;
    this.buffer = undefined;
    this.prefixLength = 0;
    this.received = 0;
  }

  /** Puts the message itself, which the holding has counted, in the place of a compressed one. */
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
    if (flag > 1) throw invalid(`the message begins with byte ${flag}; it must be 0, or 1 where it is compressed`);
    this.isCompressed = flag === 1;
    this.length = prefix.readUInt32BE(1);
    assertSize(this.length, this.limits);
  }

  private append(part: Buffer, holding: Holding | undefined): void {
    const needed = this.received + part.length;
    let { buffer } = this;
    if (!buffer || buffer.length < needed) {
      // Twice as much each time, so that little is copied and little is held for what never comes.
      const capacity = Math.min(this.length, Math.max(FIRST_BYTES, 2 * needed));
      this.hold(holding, capacity);
      const larger = Buffer.allocUnsafeSlow(capacity);
      buffer?.copy(larger, 0, 0, this.received);
      if (buffer) this.give(holding, buffer.length);
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

  private give(holding: Holding | undefined, bytes: number): void {
    holding?.subtract(bytes);
    this.heldBytes -= bytes;
  }
}

/** Throws where a message is larger than the method takes. */
function assertSize(bytes: number, { path, maxMessageBytes, limitSetting }: Limits): void {
  if (bytes <= maxMessageBytes) return;
  const limit =
    limitSetting === undefined ? `${path} takes ${maxMessageBytes}` : `${limitSetting} is ${maxMessageBytes}`;
  throw new ServingError('tooLarge', `the message has ${bytes} bytes; ${limit}`);
}

/** What a compressed message may become. */
export function inflationLimit({ path, maxMessageBytes, limitSetting }: Limits): SizeLimit {
  const limit = `the limit of ${limitSetting ?? path} is ${maxMessageBytes} bytes`;
  const error = () => new ServingError('tooLarge', `the message inflates to more than it may have; ${limit}`);
  return { bytes: maxMessageBytes, error };
}
