import type { FastifyInstance } from 'fastify';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ServingError, invalid, messageOf } from '../errors';
import { decompress } from './compression';
import { tooLarge } from './errors';

/** Says how much of a body is JSON; its presence, and not the content type, tells of binary data. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

/** Clients of the binary extension may send no content type at all. */
const CONTENT_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)|^application\/octet-stream\s*(?:;|$)/i;

const IMAGE_TYPE = /^image\/(png|jpeg)\s*(?:;|$)/i;

/** Bodies reach routes as they were before compression, in a Buffer. */
export function acceptBodies(app: FastifyInstance, maxRequestBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const plain = decodeBody(body as Buffer, request.headers['content-encoding'], maxRequestBytes);
    if (plain instanceof Promise) plain.then((bytes) => done(null, bytes), done);
    else done(null, plain);
  });
}

const NO_BODY = Buffer.alloc(0);

/** Reads a body as it is sent; most come in one piece. */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  done: (error: unknown, body?: Buffer) => void,
): void {
  if (Number(request.headers['content-length']) > maxBytes) return done(tooLarge(maxBytes));
  let only: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) {
      request.removeAllListeners('data').removeAllListeners('end');
      return done(tooLarge(maxBytes));
    }
    if (only) (chunks ??= [only]).push(chunk);
    else only = chunk;
  });
  request.on('end', () => done(undefined, chunks ? Buffer.concat(chunks, length) : (only ?? NO_BODY)));
  request.on('error', done);
}

/** A body as it was before compression. */
export function decodeBody(body: Buffer, coding: string | undefined, maxBytes: number): Buffer | Promise<Buffer> {
  if (coding === undefined || coding.trim().toLowerCase() === 'identity') return body;
  return decompressBody(body, coding, maxBytes);
}

/** Throws where the headers of a request say that its body is of no use, before it is read. */
export function checkBodyHeaders(headers: IncomingHttpHeaders, takesImages: boolean): void {
  const type = headers['content-type'];
  if (takesImages && isImageType(type)) return;
  // With this header the type says nothing.
  if (type === undefined || headers[JSON_LENGTH_HEADER] !== undefined || CONTENT_TYPE.test(type)) return;
  const allowed = 'send application/json, or application/octet-stream with the header Inference-Header-Content-Length';
  const images = takesImages ? ', or image/png, or image/jpeg' : '';
  const refused = `content type ${JSON.stringify(type)} is not supported`;
  throw new ServingError('unsupportedMedia', `${refused}; ${allowed}${images}`);
}

/** Whether a body is said to be a picture that can be decoded. */
export function isImageType(type: string | undefined): boolean {
  return type !== undefined && IMAGE_TYPE.test(type);
}

async function decompressBody(body: Buffer, encoding: string, maxRequestBytes: number): Promise<Buffer> {
  try {
    return await decompress(body, encoding, maxRequestBytes);
  } catch (error) {
    if (error instanceof ServingError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxRequestBytes);
    throw invalid(`the body is not ${encoding} data: ${messageOf(error)}`);
  }
}
