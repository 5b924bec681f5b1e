import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { BodyParts } from '../budget/body-parts';
import { headerBytes, type Holding } from '../budget/holding';
import type { Coding, Inflater } from '../budget/inflater';
import type { MemoryBudget } from '../budget/memory-budget';
import type { SizeLimit } from '../budget/size-limit';
import { invalid, ServingError } from '../errors';
import { quoted } from '../protocol/fields';
import { OTHER_LIMIT } from './body-limit';
import { wantBody } from './every-request';
import { BodyTurns } from './body-turns';

/** Says how much of a body is JSON; its presence, and not the content type, tells of binary data. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

const PICTURE_TYPE = /^image\/(png|jpeg)\s*(?:;|$)/i;

const NO_BODY = Buffer.alloc(0);

/** A body of more chunks than this must have so many bytes in each, on average: chunks cost time, and bytes little. */
const MANY_CHUNKS = 100;
const MIN_CHUNK_BYTES = 64;

/** Whoever reads a body. */
export interface BodyReader {
  /** Called before the first byte: the head alone takes memory. Throws where there is no room for it. */
  hold(): Holding;
  /** Called once, with a body that the holding counts, or with what is wrong. What comes later of it is not kept. */
  done(error: unknown, body?: Buffer): void;
}

/** Reads a body as it is sent; most come in one piece. */
export function readBody(request: IncomingMessage, limit: SizeLimit, reader: BodyReader): void {
  const declared = Number(request.headers['content-length']);
  if (declared > limit.bytes) return reader.done(limit.error());
  let holding: Holding;
  try {
    holding = reader.hold();
  } catch (error) {
    return reader.done(error);
  }
  wantBody(request);
  let only: Buffer | undefined;
  let parts: BodyParts | undefined;
  let ended = false;
  let turns: BodyTurns | undefined;
  let chunkCount = 0;
  const end = (error: unknown, body?: Buffer) => {
    if (ended) return;
    ended = true;
    only = parts = undefined;
    reader.done(error, body);
  };
  holding.waitForClient(() => end(unfinished()));
  const keep = (chunk: Buffer) => {
    if (chunk.length === declared) {
      holding.goOn();
      holding.add(declared);
      only = chunk;
      return;
    }
    parts ??= new BodyParts(holding);
    if (parts.length + chunk.length > limit.bytes) throw limit.error();
    parts.append(chunk);
    chunkCount++;
    if (chunkCount > MANY_CHUNKS && parts.length < chunkCount * MIN_CHUNK_BYTES) throw tooManyChunks(chunkCount);
    turns ??= new BodyTurns(request);
    turns.read(chunk.length);
  };
  const whole = (): Buffer => {
    holding.goOn();
    return only ?? parts?.join() ?? NO_BODY;
  };
  request.on('data', (chunk: Buffer) => {
    if (ended) return;
    try {
      keep(chunk);
    } catch (error) {
      end(error);
    }
  });
  request.on('end', () => {
    if (ended) return;
    let body: Buffer;
    try {
      body = whole();
    } catch (error) {
      return end(error);
    }
    end(undefined, body);
  });
  request.on('error', end);
}

function tooManyChunks(count: number): ServingError {
  const fault = `the body comes in chunks of less than ${MIN_CHUNK_BYTES} bytes, ${count} so far`;
  return invalid(`${fault}; send it in larger ones`);
}

function unfinished(): ServingError {
  const fault = 'the rest of the body did not come while others needed the memory';
  return new ServingError('unfinished', `${fault}; send the request again`);
}

/** Has the few routes besides inference that take a body get it as it was before compression, in a Buffer. */
export function acceptBodies(app: FastifyInstance, budget: MemoryBudget, inflater: Inflater): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', ({ raw: request }, _payload, done) => {
    let holding: Holding | undefined;
    const answer = (error: unknown, body?: Buffer) => {
      // Whoever gets the body is done with it at once.
      holding?.release();
      done(error as Error, body);
    };
    const inflate = async (body: Buffer, encoding: string) =>
      inflater.inflate({
        bytes: body,
        coding: codingOf(encoding),
        limit: OTHER_LIMIT,
        holding: holding as Holding,
        isCancelled: () => request.socket.destroyed,
      });
    readBody(request, OTHER_LIMIT, {
      hold: () => (holding = budget.open(headerBytes(request.rawHeaders))),
      done: (error, body) => {
        const encoding = request.headers['content-encoding'];
        if (!body || isPlain(encoding)) return answer(error ?? null, body);
        inflate(body, encoding).then((plain) => answer(null, plain), answer);
      },
    });
  });
}

/** Whether a body is as it was before compression. */
export function isPlain(contentEncoding: string | undefined): contentEncoding is undefined {
  return contentEncoding === undefined || contentEncoding.trim().toLowerCase() === 'identity';
}

/** How a body that is not plain is compressed. */
export function codingOf(contentEncoding: string): Coding {
  const coding = contentEncoding
    .trim()
    .toLowerCase()
    .replace(/^x-gzip$/, 'gzip');
  if (coding === 'gzip' || coding === 'deflate') return coding;
  const remedy = 'send gzip, deflate or none';
  throw new ServingError('unsupportedMedia', `content encoding ${quoted(contentEncoding)} is not supported; ${remedy}`);
}

/** Whether a body is said to be a picture that can be decoded. */
export function isPictureType(type: string | undefined): boolean {
  return type !== undefined && PICTURE_TYPE.test(type);
}
