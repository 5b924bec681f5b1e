import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServingError, invalid, messageOf } from '../errors';
import { decompress } from './compression';
import { tooLarge } from './errors';

/** Says how much of a body is JSON; its presence, and not the content type, tells of binary data. */
export const JSON_LENGTH_HEADER = 'inference-header-content-length';

/** Clients of the binary extension may send no content type at all. */
const CONTENT_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)|^application\/octet-stream\s*(?:;|$)/i;

/** Bodies reach routes as they were before compression, in a Buffer. */
export function acceptBodies(app: FastifyInstance, maxRequestBytes: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') done(null, body);
    else decompressBody(body as Buffer, encoding, maxRequestBytes).then((plain) => done(null, plain), done);
  });
}

/** Throws where the headers of a request say that its body is of no use, before it is read. */
export function checkBodyHeaders({ headers }: FastifyRequest): void {
  // With this header the type says nothing, and Fastify is not to judge it.
  if (headers[JSON_LENGTH_HEADER] !== undefined) delete headers['content-type'];
  const type = headers['content-type'];
  if (type === undefined || CONTENT_TYPE.test(type)) return;
  const allowed = 'send application/json, or application/octet-stream with the header Inference-Header-Content-Length';
  throw new ServingError('unsupportedMedia', `content type ${JSON.stringify(type)} is not supported; ${allowed}`);
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
