import { promisify } from 'node:util';
import { constants, deflate, gzip } from 'node:zlib';

const DEFLATE = { gzip: promisify(gzip), deflate: promisify(deflate) };

type Coding = keyof typeof DEFLATE;
const CODINGS = Object.keys(DEFLATE) as Coding[];

/** Smaller bodies fit one packet as they are. */
const MINIMUM_BYTES = 1024;

/** A longer header takes more time to read than compression is worth; browsers send some 30 bytes. */
const MAX_ACCEPT_LENGTH = 1024;

/** What zlib takes to compress: its window and its tables. */
const STREAM_BYTES = 256 * 1024;

/** The coding that a client takes; undefined where it takes none, or where the body is not worth it. */
export function codingFor(acceptEncoding: string | undefined, bodyBytes: number): Coding | undefined {
  if (!acceptEncoding || acceptEncoding.length > MAX_ACCEPT_LENGTH || bodyBytes < MINIMUM_BYTES) return undefined;
  const accepted = new Map(
    acceptEncoding.split(',').map((entry) => {
      const [coding = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return [coding, quality ? Number(quality.slice(2)) : 1];
    }),
  );
  return CODINGS.find((coding) => (accepted.get(coding) ?? 0) > 0);
}

/** Memory taken while so many bytes are compressed: what comes of them is in pieces first, and then whole. */
export function compressionBytes(bodyBytes: number): number {
  return STREAM_BYTES + 2 * bodyBytes;
}

/** In libuv's thread pool, quickly rather than tightly. */
export function compress(body: string | Buffer, coding: Coding): Promise<Buffer> {
  return DEFLATE[coding](body, { level: constants.Z_BEST_SPEED });
}
