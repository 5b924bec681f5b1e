import { promisify } from 'node:util';
import { createGunzip, createInflate, gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';
import { invalid, messageOf, ServingError } from '../base/errors';
import { BodyParts, type SizeLimit } from './body-parts';
import type { Holding } from './memory-budget';
import { Line } from './line';

const CODINGS = {
  gzip: { atOnce: gunzipSync, whole: promisify(gunzip), stream: createGunzip },
  deflate: { atOnce: inflateSync, whole: promisify(inflate), stream: createInflate },
};
export type Coding = keyof typeof CODINGS;

/**
 * Compressed bodies of up to 2 KiB are inflated synchronously if the result is at most 64 KiB; that takes at most 0.4
 * ms.
 */
const AT_ONCE_BYTES = 2 * 1024;
const AT_ONCE_INFLATED_BYTES = 64 * 1024;

const CHUNK_BYTES = 64 * 1024;
/** Compressed bytes that are inflated in one step. The worst case, deflate blocks without content, takes up to 9 ms. */
const SLICE_BYTES = 64 * 1024;
/** Memory of a zlib stream: its window, its tables and its output chunk. */
const STREAM_BYTES = 48 * 1024 + CHUNK_BYTES;

/**
 * Compressed bodies of up to 64 KiB whose result is at most 128 KiB are short: they have a queue of their own.
 * Detecting that a body is longer takes at most 9 ms.
 */
const SHORT_BYTES = 64 * 1024;
const SHORT_INFLATED_BYTES = 128 * 1024;

const MAX_SHORT_WAITING = 256;
const MAX_LONG_WAITING = 64;

/** A compressed request. */
export interface Compressed {
  /** Compressed body. The holding already counts it; the result is added. */
  readonly bytes: Buffer;
  readonly coding: Coding;
  readonly limit: SizeLimit;
  readonly holding: Holding;
  isCancelled(): boolean;
}

/**
 * Decompresses requests of all transports: the smallest synchronously, the others in libuv's threads. Short and long
 * bodies have separate queues, so that a short one never waits for a long one. Each queue inflates one body at a time:
 * several at once would take CPU time from other work, and most of the budget.
 */
export class Inflater {
  private readonly short = new Line(MAX_SHORT_WAITING, 'compressed requests');
  private readonly long = new Line(MAX_LONG_WAITING, 'long compressed requests');

  /**
   * @throws ServingError, or rejects with one, if the data is invalid, or if the result exceeds the limit or does not
   * fit in the budget.
   */
  inflate(compressed: Compressed): Buffer | Promise<Buffer> {
    const { bytes, coding, limit, holding } = compressed;
    const small = bytes.length <= AT_ONCE_BYTES ? inflateSmall(bytes, coding, limit.bytes) : undefined;
    if (small) {
      holding.add(small.length);
      return small;
    }
    return this.inflateLater(compressed);
  }

  private async inflateLater(compressed: Compressed): Promise<Buffer> {
    if (compressed.bytes.length <= SHORT_BYTES) {
      const short = await this.short.pass(() => inflateShort(compressed));
      if (short) return short;
    }
    return this.long.pass(() => inflateStream(compressed));
  }
}

/**
 * Inflates a message of a few KiB synchronously. @throws ServingError if the result is too large or the data is
 * invalid.
 */
export function inflateAtOnce(bytes: Buffer, coding: Coding, limit: SizeLimit): Buffer {
  const inflated = inflateSmall(bytes, coding, limit.bytes);
  if (inflated) return inflated;
  throw limit.error();
}

/**
 * Inflates a body synchronously; returns undefined if the result exceeds `maxBytes` or is too large to be inflated
 * synchronously.
 */
function inflateSmall(bytes: Buffer, coding: Coding, maxBytes: number): Buffer | undefined {
  try {
    return CODINGS[coding].atOnce(bytes, { maxOutputLength: Math.min(maxBytes, AT_ONCE_INFLATED_BYTES) });
  } catch (error) {
    if (!isTooLong(error)) throw invalidData(coding, error);
    return undefined;
  }
}

/** Inflates a short body; resolves to undefined if the result is not short. */
async function inflateShort({ bytes, coding, limit, holding, isCancelled }: Compressed): Promise<Buffer | undefined> {
  assertConnected(isCancelled);
  // Memory for the output chunks and for the buffer that joins them.
  const reserved = STREAM_BYTES + 2 * SHORT_INFLATED_BYTES;
  holding.add(reserved);
  try {
    const maxOutputLength = Math.min(limit.bytes, SHORT_INFLATED_BYTES);
    const inflated = await CODINGS[coding].whole(bytes, { chunkSize: CHUNK_BYTES, maxOutputLength });
    assertConnected(isCancelled);
    holding.add(inflated.length);
    return inflated;
  } catch (error) {
    if (isTooLong(error)) return undefined;
    throw error instanceof ServingError ? error : invalidData(coding, error);
  } finally {
    holding.subtract(reserved);
  }
}

function inflateStream({ bytes, coding, limit, holding, isCancelled }: Compressed): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    assertConnected(isCancelled);
    holding.add(STREAM_BYTES);
    const stream = CODINGS[coding].stream({ chunkSize: CHUNK_BYTES });
    const parts = new BodyParts(holding);
    let ended = false;
    const end = (step: () => void) => {
      if (ended) return;
      ended = true;
      stream.destroy();
      holding.subtract(STREAM_BYTES);
      try {
        step();
      } catch (error) {
        reject(error as Error);
      }
    };
    const take = (chunk: Buffer) => {
      assertConnected(isCancelled);
      if (parts.length + chunk.length > limit.bytes) throw limit.error();
      parts.append(chunk);
    };
    stream.on('data', (chunk: Buffer) => {
      try {
        if (!ended) take(chunk);
      } catch (error) {
        end(() => reject(error as Error));
      }
    });
    stream.once('end', () => end(() => resolve(parts.join())));
    stream.once('error', (error) => end(() => reject(invalidData(coding, error))));
    const write = (from: number) => {
      if (ended) return;
      if (isCancelled()) return end(() => reject(clientGone()));
      const next = from + SLICE_BYTES;
      const slice = bytes.subarray(from, next);
      if (next >= bytes.length) stream.end(slice);
      else stream.write(slice, () => write(next));
    };
    write(0);
  });
}

function assertConnected(isCancelled: () => boolean): void {
  if (isCancelled()) throw clientGone();
}

/** Creates the error for a request whose client disconnected before its decompression finished. */
export function clientGone(): ServingError {
  return new ServingError('cancelled', 'the client disconnected before its request was decompressed');
}

function isTooLong(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

function invalidData(coding: Coding, error: unknown): ServingError {
  return invalid(`the request is declared as ${coding} data but is not: ${messageOf(error)}`);
}
