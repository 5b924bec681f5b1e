import { createGunzip, createInflate } from 'node:zlib';
import type { Holding } from '../../budget/holding';
import { invalid, ServingError } from '../../errors';
import type { Encoding } from './headers';
import type { Method } from './method';

/** What zlib keeps for a stream that it inflates, and the chunk that it writes to. */
const STATE_BYTES = 64 * 1024;
const CHUNK_BYTES = 16 * 1024;

/** A message that is inflated chunk by chunk, each counted before the next. */
export class Inflation {
  private readonly stream;
  private readonly chunks: Buffer[] = [];
  private length = 0;
  private heldBytes = 0;
  private isDone = false;

  /**
   * @param holding Where the chunks count. @default - not at all: messages must be small
   * @param done Called with the whole message and the bytes of the budget that it takes, or with what is wrong.
   */
  constructor(
    content: Buffer,
    private readonly encoding: Exclude<Encoding, 'identity'>,
    private readonly limits: Pick<Method, 'path' | 'maxMessageBytes' | 'limitSetting'>,
    private readonly holding: Holding | undefined,
    private readonly done: (error: unknown, message: Buffer, heldBytes: number) => void,
  ) {
    this.hold(STATE_BYTES);
    this.stream = (encoding === 'gzip' ? createGunzip : createInflate)({ chunkSize: CHUNK_BYTES })
      .on('data', (chunk: Buffer) => this.attempt(() => this.take(chunk)))
      .on('end', () => this.attempt(() => this.end()))
      .on('error', () => this.finish(invalid(`the message is not compressed as grpc-encoding says: ${this.encoding}`)));
    this.stream.end(content);
  }

  /** Ends it; nobody is called. The holding is its owner's to release. */
  cancel(): void {
    this.isDone = true;
    this.stream.destroy();
  }

  private attempt(step: () => void): void {
    if (this.isDone) return;
    try {
      step();
    } catch (error) {
      this.finish(error);
    }
  }

  private take(chunk: Buffer): void {
    this.length += chunk.length;
    const { path, maxMessageBytes, limitSetting } = this.limits;
    if (this.length > maxMessageBytes) {
      const limit = `the limit of ${limitSetting ?? path} is ${maxMessageBytes} bytes`;
      throw new ServingError('tooLarge', `the message inflates to more than it may have; ${limit}`);
    }
    // A chunk may be a part of a larger buffer.
    this.hold(Math.max(CHUNK_BYTES, chunk.length));
    this.chunks.push(chunk);
  }

  private end(): void {
    const before = this.heldBytes;
    this.hold(this.length);
    const message = Buffer.concat(this.chunks, this.length);
    this.holding?.subtract(before);
    this.heldBytes = this.length;
    this.finish(undefined, message);
  }

  private finish(error: unknown, message = Buffer.alloc(0)): void {
    if (this.isDone) return;
    this.cancel();
    this.done(error, message, this.heldBytes);
  }

  private hold(bytes: number): void {
    this.holding?.add(bytes);
    this.heldBytes += bytes;
  }
}
