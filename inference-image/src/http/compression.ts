import { promisify } from 'node:util';
import { constants, deflate, gunzip, gzip, inflate } from 'node:zlib';
import { ServingError } from '../errors';

const INFLATE = { gzip: promisify(gunzip), deflate: promisify(inflate) };
const DEFLATE = { gzip: promisify(gzip), deflate: promisify(deflate) };

type Coding = keyof typeof DEFLATE;
const CODINGS = Object.keys(DEFLATE) as Coding[];

/** Smaller bodies fit one packet as they are. */
const MINIMUM_BYTES = 1024;

/** @param maxBytes Limit of the result: it ends with ERR_BUFFER_TOO_LARGE there, before it fills the memory. */
export function decompress(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const coding = CODINGS.find((known) => known === encoding.trim().toLowerCase());
  if (coding) return INFLATE[coding](body, { maxOutputLength: maxBytes });
  const allowed = `send ${CODINGS.join(', ')} or none`;
  throw new ServingError(
    'unsupportedMedia',
    `content encoding ${JSON.stringify(encoding)} is not supported; ${allowed}`,
  );
}

/** The coding that a client takes; undefined where it takes none, or where the body is not worth it. */
export function codingFor(acceptEncoding: string | undefined, bodyBytes: number): Coding | undefined {
  if (!acceptEncoding || bodyBytes < MINIMUM_BYTES) return undefined;
  const accepted = new Map(
    acceptEncoding.split(',').map((entry) => {
      const [coding = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return [coding, quality ? Number(quality.slice(2)) : 1];
    }),
  );
  return CODINGS.find((coding) => (accepted.get(coding) ?? 0) > 0);
}

/** In libuv's thread pool, quickly rather than tightly. */
export function compress(body: string | Buffer, coding: Coding): Promise<Buffer> {
  return DEFLATE[coding](body, { level: constants.Z_BEST_SPEED });
}
