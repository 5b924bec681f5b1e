import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';

const DEFLATE = { gzip: promisify(gzip), deflate: promisify(deflate) };

type Coding = keyof typeof DEFLATE;
const CODINGS = Object.keys(DEFLATE) as Coding[];

/** Minimum size of a body that is compressed; smaller bodies fit in one packet. */
const MINIMUM_BYTES = 1024;

/**
 * Maximum length of the Accept-Encoding header that is parsed; parsing a longer one takes more time than compression
 * saves. Browsers send about 30 bytes.
 */
const MAX_ACCEPT_LENGTH = 1024;

/** Memory that zlib takes for compression: its window and its tables. */
const STREAM_BYTES = 256 * 1024;

/** Whether an answer is large enough to compress. */
export function isWorthCompressing(bodyBytes: number): boolean {
  return bodyBytes >= MINIMUM_BYTES;
}

/**
 * Coding that a client prefers; undefined if it accepts none or prefers no coding:
 * https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
 */
export function codingFor(acceptEncoding = ''): Coding | undefined {
  if (acceptEncoding === '' || acceptEncoding.length > MAX_ACCEPT_LENGTH) return undefined;
  const weights = new Map(
    acceptEncoding.split(',').map((entry) => {
      const [coding = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      // A recipient treats x-gzip as gzip: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.3
      return [coding.replace(/^x-/, ''), quality ? Number(quality.slice(2)) || 0 : 1];
    }),
  );
  const weightOf = (coding: Coding) => weights.get(coding) ?? weights.get('*') ?? 0;
  const best = CODINGS.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a));
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : undefined;
}

/** Memory to compress a body of the given size: the output exists first in pieces, and then as a whole. */
export function compressionBytes(bodyBytes: number): number {
  return STREAM_BYTES + 2 * bodyBytes;
}

/** Compresses in libuv's thread pool, optimized for speed. */
export function compress(body: string | Buffer, coding: Coding): Promise<Buffer> {
  return DEFLATE[coding](body, { level: constants.Z_BEST_SPEED });
}
