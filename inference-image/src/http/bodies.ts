import { quoted } from '../base/cut-text';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { invalid, ServingError } from '../base/errors';
import { BodyParts, type SizeLimit } from '../budget/body-parts';
import type { Coding, Inflater } from '../budget/inflater';
import { headerBytes, type Holding, type MemoryBudget } from '../budget/memory-budget';
import { leaveBody } from './discard-body';
import { sendContinue } from './every-request';
import { BodyTurns, recordRead } from './reading-turns';

/**
 * Header with the number of bytes of JSON at the beginning of a body. Its presence, not the content type, indicates
 * binary data.
 */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

const PICTURE_TYPE = /^image\/(png|jpeg)\s*(?:;|$)/i;

const NO_BODY = Buffer.alloc(0);

/**
 * If a body has more than 100 chunks, they must have a minimum average size, because the processing time depends on the
 * number of chunks.
 */
const MANY_CHUNKS = 100;
const MIN_CHUNK_BYTES = 64;

/** Recipient of a body. */
export interface BodyReader {
  /**
   * Reserves memory for the request's headers before the first byte of the body is read. @throws ServingError if there
   * is no room.
   */
  hold(): Holding;
  /**
   * Called once, with an error or with the body, which the holding already counts. Data that arrives later is
   * discarded.
   */
  done(error: unknown, body?: Buffer): void;
}

/** Reads a body without decompressing it; most bodies arrive in one piece. */
export function readBody(request: IncomingMessage, limit: SizeLimit, reader: BodyReader): void {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers;
  const declared = Number(length);
  if (declared > limit.bytes) return reader.done(limit.error());
  let holding: Holding;
  try {
    if (!isPlain(encoding)) codingOf(encoding);
    holding = reader.hold();
  } catch (error) {
    return reader.done(error);
  }
  sendContinue(request);
  let single: Buffer | undefined;
  let parts: BodyParts | undefined;
  let ended = false;
  let turns: BodyTurns | undefined;
  let chunkCount = 0;
  const end = (error: unknown, body?: Buffer) => {
    if (ended) return;
    ended = true;
    single = parts = undefined;
    reader.done(error, body);
  };
  holding.waitForClient(() => end(unfinished()));
  const keep = (chunk: Buffer) => {
    if (chunk.length === declared) {
      holding.stopWaiting();
      holding.add(declared);
      single = chunk;
      return;
    }
    parts ??= new BodyParts(holding);
    if (parts.length + chunk.length > limit.bytes) throw limit.error();
    parts.append(chunk);
    chunkCount++;
    if (chunkCount > MANY_CHUNKS && parts.length < chunkCount * MIN_CHUNK_BYTES) {
      leaveBody(request);
      throw tooManyChunks(chunkCount);
    }
    turns ??= new BodyTurns(request);
    turns.read(chunk.length);
  };
  const whole = (): Buffer => {
    holding.stopWaiting();
    return single ?? parts?.join() ?? NO_BODY;
  };
  request.on('data', (chunk: Buffer) => {
    // One read may bring thousands of further chunks; the time that they take is charged to the connection.
    if (ended) return recordRead(request.socket);
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
  const fault = `the ${count} chunks of the body so far have fewer than ${MIN_CHUNK_BYTES} bytes on average`;
  return invalid(`${fault}; send larger chunks`);
}

function unfinished(): ServingError {
  const fault = 'the rest of the body did not arrive before other requests needed the memory';
  return new ServingError('unfinished', `${fault}; send the request again`);
}

/** Passes the decompressed request body to routes other than inference, as a Buffer. */
export function acceptBodies(app: FastifyInstance, budget: MemoryBudget, inflater: Inflater): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', ({ raw: request }, _payload, done) => {
    let holding: Holding | undefined;
    const answer = (error: unknown, body?: Buffer) => {
      // The memory can be released now, because the handler consumes the body synchronously.
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

/** Whether a body is not compressed. */
export function isPlain(contentEncoding: string | undefined): contentEncoding is undefined {
  return contentEncoding === undefined || contentEncoding.trim().toLowerCase() === 'identity';
}

/** Coding of a compressed body. */
export function codingOf(contentEncoding: string): Coding {
  const coding = contentEncoding
    .trim()
    .toLowerCase()
    .replace(/^x-gzip$/, 'gzip');
  if (coding === 'gzip' || coding === 'deflate') return coding;
  const remedy = 'send gzip, deflate or none';
  throw new ServingError('unsupportedMedia', `content encoding ${quoted(contentEncoding)} is not supported; ${remedy}`);
}

/** Whether a content type denotes a picture format that the server can decode. */
export function isPictureType(type: string | undefined): boolean {
  return type !== undefined && PICTURE_TYPE.test(type);
}

/** Limit on the bodies of requests other than inference. */
const OTHER_BYTES = 64 * 1024;

export const OTHER_LIMIT: SizeLimit = {
  bytes: OTHER_BYTES,
  error: () => new ServingError('tooLarge', `the body is larger than ${OTHER_BYTES} bytes, the limit of this path`),
};

export function inferenceLimit(maxRequestBytes: number): SizeLimit {
  const message = `the body is larger than maxRequestBytes (${maxRequestBytes} bytes); send less at a time, or raise that setting`;
  return { bytes: maxRequestBytes, error: () => new ServingError('tooLarge', message) };
}
