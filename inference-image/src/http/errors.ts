import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cut } from '../cut-text';
import { internalError, ServingError, type ErrorKind } from '../errors';
import type { Log } from '../log';
import { traceFields } from '../trace-context';
import { awaitsContinue } from './every-request';
import { BodyTurns } from './body-turns';

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  forbidden: 403,
  notFound: 404,
  methodNotAllowed: 405,
  unfinished: 408,
  tooLarge: 413,
  unsupportedMedia: 415,
  rejected: 429,
  // nginx's status; no client is left to read it.
  cancelled: 499,
  error: 500,
  unavailable: 503,
  timeout: 504,
};

/** Limit of an error's body, which may repeat parts of the request. */
const MAX_BODY_BYTES = 4096;

/** Bodies up to this size are read and discarded, so that their connections can be reused. */
const SMALL_BODY_BYTES = 64 * 1024;
/** Limit on discarded bytes of larger bodies: a client that is still sending does not read the answer. */
const DISCARDED_BYTES = 64 * 1024 * 1024;
/** The same limit while the server is overloaded or unavailable. */
const BUSY_DISCARDED_BYTES = 4 * 1024 * 1024;
/**
 * Bodies that are discarded at a time. The operating system buffers 128 KiB or more for each slow one, from the
 * container's memory.
 */
const MAX_DISCARDING = 128;
/** Pause after each 64 KiB, so that discarding takes no time from useful requests. */
const DISCARD_PAUSE_MS = 5;
/** Smaller chunks count as this size, because of their processing time. */
const SMALL_CHUNK_BYTES = 4 * 1024;
const TINY_CHUNK_BYTES = 64;
const TINY_CHUNK_COST_BYTES = 64 * 1024;

/** HTTP requires a whole number; queues and replicas usually recover sooner. */
export const RETRY_AFTER_SECONDS = '1';

export interface ErrorReply {
  readonly status: number;
  readonly headers: Record<string, string | number>;
  readonly body: string;
}

/** Creates the protocol's form of an error: a status and {"error": string}, of at most 4 KiB. */
export function errorReply({ kind, message }: ServingError): ErrorReply {
  const body = errorBody(message);
  const headers: ErrorReply['headers'] = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  };
  if (kind === 'rejected' || kind === 'unavailable') headers['retry-after'] = RETRY_AFTER_SECONDS;
  if (kind === 'tooLarge' || kind === 'unfinished') headers.connection = 'close';
  return { status: STATUS[kind], headers, body };
}

/** `{"error": message}`, with the message cut to fit in 4 KiB. */
export function errorBody(message: string): string {
  // An escaped character takes six bytes, so the first cut may not suffice.
  for (let characters = MAX_BODY_BYTES; ; characters = Math.floor(characters / 2)) {
    const body = JSON.stringify({ error: cut(message, characters) });
    if (Buffer.byteLength(body) <= MAX_BODY_BYTES) return body;
  }
}

export function sendError(reply: FastifyReply, error: ServingError): FastifyReply {
  const answer = errorReply(error);
  if (isSmall(reply.request.raw) && !awaitsContinue(reply.request.raw))
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  reply.hijack();
  const headers = { ...(reply.getHeaders() as ErrorReply['headers']), ...answer.headers };
  refuse(reply.request.raw, reply.raw, { ...answer, headers });
  return reply;
}

/** Answers a request whose body may still arrive; the body is discarded. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: ErrorReply,
): void {
  if (awaitsContinue(request)) headers.connection = 'close';
  else if (!isSmall(request) && status !== STATUS.unfinished)
    return refuseLarge(request, response, { status, headers, body });
  response.writeHead(status, headers).end(body);
}

function refuseLarge(request: IncomingMessage, response: ServerResponse, { status, headers, body }: ErrorReply): void {
  const declared = Number(request.headers['content-length']);
  // Most clients stop sending when they see this header.
  if (declared > SMALL_BODY_BYTES) headers.connection = 'close';
  response.writeHead(status, headers).write(body);
  discardBody(request, status === STATUS.rejected || status === STATUS.unavailable ? BUSY_DISCARDED_BYTES : undefined);
  request.on('end', () => response.end());
}

/** Number of bodies being discarded. */
let discarding = 0;
/** Requests whose bodies are being discarded, or were. */
const discarded = new WeakSet<IncomingMessage>();

/** Reads and discards the rest of a body. Further calls for the same request do nothing. */
export function discardBody(request: IncomingMessage, maxBytes = DISCARDED_BYTES): void {
  if (discarded.has(request)) return;
  discarded.add(request);
  if (discarding >= MAX_DISCARDING) {
    // Closes after the answer is written; a client that keeps sending may lose the answer.
    setImmediate(() => request.socket.destroySoon());
    return;
  }
  discarding++;
  onceEnded(request, () => discarding--);
  const turns = new BodyTurns(request, DISCARD_PAUSE_MS);
  let left = maxBytes;
  request.on('data', ({ length }: Buffer) => {
    // Even a small chunk takes processing time.
    left -= length < TINY_CHUNK_BYTES ? TINY_CHUNK_COST_BYTES : Math.max(length, SMALL_CHUNK_BYTES);
    if (left < 0) request.socket.destroy();
    else turns.read(length);
  });
  request.resume();
}

/**
 * Calls a listener once a request or its connection has ended; node:http does not close requests that it has answered.
 */
function onceEnded(request: IncomingMessage, listener: () => void): void {
  const { socket } = request;
  const gone = () => {
    request.off('end', gone).off('close', gone);
    socket.off('close', gone);
    listener();
  };
  request.on('end', gone).on('close', gone);
  socket.on('close', gone);
}

/** Whether the rest of a request is small. */
export function isSmall({ complete, headers }: IncomingMessage): boolean {
  return complete || (!headers['transfer-encoding'] && !(Number(headers['content-length']) > SMALL_BODY_BYTES));
}

/** Converts a thrown value to an error that a client may read; logs unexpected ones. */
export function toServingError(
  error: unknown,
  { log }: { readonly log: Log },
  { headers }: Pick<FastifyRequest, 'headers'>,
): ServingError {
  if (error instanceof ServingError) return error;
  const { statusCode = 500, code, message = 'bad request' } = error as Partial<FastifyError>;
  if (code === 'ECONNRESET')
    return new ServingError('cancelled', 'the client went away before its request was complete');
  if (statusCode === 415) return new ServingError('unsupportedMedia', message);
  // Fastify's messages on a request are meant for its sender; other messages stay in the log.
  if (statusCode >= 400 && statusCode < 500) return new ServingError('invalid', message);
  log.error({ err: error, ...traceFields(headers.traceparent) }, 'request failed');
  return internalError();
}
