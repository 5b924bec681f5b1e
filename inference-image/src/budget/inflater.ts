import { promisify } from 'node:util';
import { createGunzip, createInflate, gunzip, gunzipSync, inflate, inflateSync } from 'node:zlib';
import { invalid, messageOf, ServingError } from '../errors';
import { BodyParts } from './body-parts';
import type { Holding } from './holding';
import { Line } from './line';
import type { SizeLimit } from './size-limit';

const CODINGS = {
  gzip: { atOnce: gunzipSync, whole: promisify(gunzip), stream: createGunzip },
  deflate: { atOnce: inflateSync, whole: promisify(inflate), stream: createInflate },
};
export type Coding = keyof typeof CODINGS;

/** So many compressed bytes are inflated at once if no more than so many come of them: that takes 0.4 ms at most. */
const AT_ONCE_BYTES = 2 * 1024;
const AT_ONCE_INFLATED_BYTES = 64 * 1024;

const CHUNK_BYTES = 64 * 1024;
/** Compressed bytes that are inflated in one piece: those of blocks without content take up to 9 ms. */
const SLICE_BYTES = 64 * 1024;
/** What zlib takes for a stream: its window, its tables and the chunk that it writes to. */
const STREAM_BYTES = 48 * 1024 + CHUNK_BYTES;

/** Compressed bytes that may become a short request: without content they take 9 ms at most. */
const SHORT_BYTES = 64 * 1024;
const SHORT_INFLATED_BYTES = 128 * 1024;

const MAX_SHORT_WAITING = 256;
const MAX_LONG_WAITING = 64;

/** A request as it came. */
export interface Compressed {
  /** Counted in the holding, as the result is then as well. */
  readonly bytes: Buffer;
  readonly coding: Coding;
  readonly limit: SizeLimit;
  readonly holding: Holding;
  isCancelled(): boolean;
}

/**
 * Decompresses requests of all transports: the smallest ones at once, others in libuv's threads. Whatever may be short is
 * tried in a line of its own, so that it does not wait for long ones. Each line inflates one at a time: more would take
 * processors from all else, and most of the budget.
 */
export class Inflater {
  private readonly short = new Line(MAX_SHORT_WAITING, 'compressed requests');
  private readonly long = new Line(MAX_LONG_WAITING, 'long compressed requests');

  /** @throws ServingError, or rejects with one, where it is larger than the limit, does not fit the budget, or is invalid. */
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

/** For messages of some KiB. @throws ServingError where it is larger, or invalid. */
export function inflateAtOnce(bytes: Buffer, coding: Coding, limit: SizeLimit): Buffer {
  const inflated = inflateSmall(bytes, coding, limit.bytes);
  if (inflated) return inflated;
  throw limit.error();
}

/** Undefined where it would be too large, or too large to be inflated at once. */
function inflateSmall(bytes: Buffer, coding: Coding, maxBytes: number): Buffer | undefined {
  try {
    return CODINGS[coding].atOnce(bytes, { maxOutputLength: Math.min(maxBytes, AT_ONCE_INFLATED_BYTES) });
  } catch (error) {
    if (!isTooLong(error)) throw notCoded(coding, error);
    return undefined;
  }
}

/** Undefined where it is long. */
async function inflateShort({ bytes, coding, limit, holding, isCancelled }: Compressed): Promise<Buffer | undefined> {
  assertWanted(isCancelled);
  // Its chunks, and what they are joined to.
  const taken = STREAM_BYTES + 2 * SHORT_INFLATED_BYTES;
  holding.add(taken);
  try {
    const maxOutputLength = Math.min(limit.bytes, SHORT_INFLATED_BYTES);
    const inflated = await CODINGS[coding].whole(bytes, { chunkSize: CHUNK_BYTES, maxOutputLength });
    assertWanted(isCancelled);
    holding.add(inflated.length);
    return inflated;
  } catch (error) {
    if (isTooLong(error)) return undefined;
    throw error instanceof ServingError ? error : notCoded(coding, error);
  } finally {
    holding.subtract(taken);
  }
}

function inflateStream({ bytes, coding, limit, holding, isCancelled }: Compressed): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    assertWanted(isCancelled);
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
      assertWanted(isCancelled);
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
    stream.once('error', (error) => end(() => reject(notCoded(coding, error))));
    const write = (from: number) => {
      if (ended) return;
      if (isCancelled()) return end(() => reject(unwanted()));
      const next = from + SLICE_BYTES;
      const slice = bytes.subarray(from, next);
      if (next >= bytes.length) stream.end(slice);
      else stream.write(slice, () => write(next));
    };
    write(0);
  });
}

function assertWanted(isCancelled: () => boolean): void {
  if (isCancelled()) throw unwanted();
}

/** Its client is gone, so that nobody wants what is decompressed. */
export function unwanted(): ServingError {
  return new ServingError('cancelled', 'the client went away before its request was decompressed');
}

function isTooLong(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
}

function notCoded(coding: Coding, error: unknown): ServingError {
  return invalid(`the request is said to be ${coding} data and is not: ${messageOf(error)}`);
}
