import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cut } from '../cut-text';
import { internalError, ServingError, type ErrorKind } from '../errors';
import type { Log } from '../log';
import { traceFields } from '../trace-context';
import { withholdsBody } from './every-request';
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
  // As nginx has it; nobody is there to read it.
  cancelled: 499,
  error: 500,
  unavailable: 503,
  timeout: 504,
};

/** Longest body of an error, whatever it repeats of its request. */
const MAX_BODY_BYTES = 4096;

/** A body of so many bytes is read and thrown away, so that its connection can be used again. */
const SMALL_BODY_BYTES = 64 * 1024;
/** So much is read and thrown away of others: a client that is still sending reads no answer. */
const DISCARDED_BYTES = 64 * 1024 * 1024;
/** A server that has too much to do reads less. */
const BUSY_DISCARDED_BYTES = 4 * 1024 * 1024;
/** At a time. The operating system holds 128 KiB or more of each that is read slowly, and the container pays for it. */
const MAX_DISCARDING = 128;
/** Between two parts of 64 KiB: to throw away a body must take nothing from those that are of use. */
const DISCARD_PAUSE_MS = 5;
/** Chunks of fewer bytes count as so many, for the time that they take. */
const SMALL_CHUNK_BYTES = 4 * 1024;
/** So many of fewer bytes are read and thrown away of a body: one read brings thousands, and each takes time. */
const MAX_TINY_CHUNKS = 64;
const TINY_CHUNK_BYTES = 64;

/** A whole number, as HTTP has it; queues and replicas are usually free again sooner. */
export const RETRY_AFTER_SECONDS = '1';

export interface ErrorReply {
  readonly status: number;
  readonly headers: Record<string, string | number>;
  readonly body: string;
}

/** Every error is answered as the protocol has it: a status and {"error": string}, of 4 KiB at most. */
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

/** `{"error": message}`, with as much of the message as 4 KiB take. */
export function errorBody(message: string): string {
  // An escape takes six bytes for a character, so the first cut may not be enough.
  for (let characters = MAX_BODY_BYTES; ; characters = Math.floor(characters / 2)) {
    const body = JSON.stringify({ error: cut(message, characters) });
    if (Buffer.byteLength(body) <= MAX_BODY_BYTES) return body;
  }
}

export function sendError(reply: FastifyReply, error: ServingError): FastifyReply {
  const answer = errorReply(error);
  if (isSmall(reply.request.raw) && !withholdsBody(reply.request.raw))
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  reply.hijack();
  const headers = { ...(reply.getHeaders() as ErrorReply['headers']), ...answer.headers };
  refuse(reply.request.raw, reply.raw, { ...answer, headers });
  return reply;
}

/** Answers a request whose body may still be on its way. Nothing of that is kept. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: ErrorReply,
): void {
  if (withholdsBody(request)) headers.connection = 'close';
  else if (!isSmall(request) && status !== STATUS.unfinished)
    return refuseLarge(request, response, { status, headers, body });
  response.writeHead(status, headers).end(body);
}

function refuseLarge(request: IncomingMessage, response: ServerResponse, { status, headers, body }: ErrorReply): void {
  const declared = Number(request.headers['content-length']);
  // Most clients stop sending then.
  if (declared > SMALL_BODY_BYTES || left.has(request)) headers.connection = 'close';
  response.writeHead(status, headers).write(body);
  discardBody(request, status === STATUS.rejected || status === STATUS.unavailable ? BUSY_DISCARDED_BYTES : undefined);
  request.on('end', () => response.end());
}

/** Bodies that are thrown away now. */
let discarding = 0;
/** Requests whose bodies are, or have been. */
const discarded = new WeakSet<IncomingMessage>();

/** Requests of whose bodies no more is read. */
const left = new WeakSet<IncomingMessage>();

/** Reads no more of a body, not even to throw it away: its connection ends after the answer. */
export function leaveBody(request: IncomingMessage): void {
  left.add(request);
  request.socket.pause();
}

/** Reads what is still to come of a body, and keeps nothing of it. Once it has begun, more calls do nothing. */
export function discardBody(request: IncomingMessage, maxBytes = DISCARDED_BYTES): void {
  if (discarded.has(request)) return;
  discarded.add(request);
  if (left.has(request) || discarding >= MAX_DISCARDING) {
    leaveBody(request);
    // After the answer, which a client that goes on sending may lose.
    setImmediate(() => request.socket.destroySoon());
    return;
  }
  discarding++;
  onceGone(request, () => discarding--);
  const turns = new BodyTurns(request, DISCARD_PAUSE_MS);
  let bytesLeft = maxBytes;
  let tinyLeft = MAX_TINY_CHUNKS;
  request.on('data', ({ length }: Buffer) => {
    bytesLeft -= Math.max(length, SMALL_CHUNK_BYTES);
    if (length < TINY_CHUNK_BYTES) tinyLeft--;
    if (bytesLeft < 0 || tinyLeft < 0) request.socket.destroy();
    else turns.read(length);
  });
  request.resume();
}

/** Calls a listener once a request has come to its end, or its connection has: node:http does not close those it has answered. */
function onceGone(request: IncomingMessage, listener: () => void): void {
  const { socket } = request;
  const gone = () => {
    request.off('end', gone).off('close', gone);
    socket.off('close', gone);
    listener();
  };
  request.on('end', gone).on('close', gone);
  socket.on('close', gone);
}

/** Whether what is still to come of a request is small. */
export function isSmall({ complete, headers }: IncomingMessage): boolean {
  return complete || (!headers['transfer-encoding'] && !(Number(headers['content-length']) > SMALL_BODY_BYTES));
}

/** Turns whatever was thrown into an error that a client may read. */
export function toServingError(
  error: unknown,
  { log }: { readonly log: Log },
  { headers }: Pick<FastifyRequest, 'headers'>,
): ServingError {
  if (error instanceof ServingError) return error;
  const { statusCode = 500, code, message = 'bad request' } = error as Partial<FastifyError>;
  if (code === 'ECONNRESET') return new ServingError('cancelled', 'the client went away before its request was whole');
  if (statusCode === 415) return new ServingError('unsupportedMedia', message);
  // What Fastify says of a request is said to its sender; anything else stays here.
  if (statusCode >= 400 && statusCode < 500) return new ServingError('invalid', message);
  log.error({ err: error, ...traceFields(headers.traceparent) }, 'request failed');
  return internalError();
}
