import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cut } from '../base/cut-text';
import { internalError, ServingError, type ErrorKind } from '../base/errors';
import type { Log } from '../base/log';
import { traceFields } from './trace-context';
import { awaitsContinue } from './every-request';
import { BUSY_DISCARDED_BYTES, discardBody, hasLargeLength, isLeft, isSmall } from './discard-body';

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  forbidden: 403,
  notFound: 404,
  methodNotAllowed: 405,
  unfinished: 408,
  tooLarge: 413,
  unsupportedMedia: 415,
  rejected: 429,
  // nginx's status for a request whose client has disconnected; nobody reads it.
  cancelled: 499,
  error: 500,
  unavailable: 503,
  timeout: 504,
};

/** Limit on the bytes of an error's body, which may quote parts of the request. */
const MAX_BODY_BYTES = 4096;

/**
 * Value of Retry-After in seconds: the smallest positive whole number, because queues and replicas usually recover even
 * sooner.
 */
export const RETRY_AFTER_SECONDS = '1';

export interface ErrorReply {
  readonly status: number;
  readonly headers: Record<string, string | number>;
  readonly body: string;
}

/** Converts an error to the protocol's form: a status and the body {"error": string} of at most 4 KiB. */
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
  // An escaped character may take six bytes, so one cut may not be enough.
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

/** Answers a request with an error. The rest of its body is discarded. */
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
  // Makes most clients stop sending.
  if (hasLargeLength(request) || isLeft(request)) headers.connection = 'close';
  response.writeHead(status, headers).write(body);
  discardBody(request, status === STATUS.rejected || status === STATUS.unavailable ? BUSY_DISCARDED_BYTES : undefined);
  request.on('end', () => response.end());
}

/** Converts a thrown value to an error that a client may read; logs unexpected values. */
export function toServingError(
  error: unknown,
  { log }: { readonly log: Log },
  { headers }: Pick<FastifyRequest, 'headers'>,
): ServingError {
  if (error instanceof ServingError) return error;
  const { statusCode = 500, code, message = 'bad request' } = error as Partial<FastifyError>;
  if (code === 'ECONNRESET')
    return new ServingError('cancelled', 'the client disconnected before its request was complete');
  if (statusCode === 415) return new ServingError('unsupportedMedia', message);
  // Fastify's messages for these errors are meant for clients; all other messages go only to the log.
  if (statusCode >= 400 && statusCode < 500) return new ServingError('invalid', message);
  log.error({ err: error, ...traceFields(headers.traceparent) }, 'request failed');
  return internalError();
}
