import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { internalError, ServingError, type ErrorKind } from '../errors';
import type { Log } from '../log';
import { traceFields } from '../trace-context';

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  notFound: 404,
  methodNotAllowed: 405,
  tooLarge: 413,
  unsupportedMedia: 415,
  rejected: 429,
  // As nginx has it; nobody is there to read it.
  cancelled: 499,
  error: 500,
  unavailable: 503,
  timeout: 504,
};

/** A whole number, as HTTP has it; queues and replicas are usually free again sooner. */
export const RETRY_AFTER_SECONDS = '1';

export interface ErrorReply {
  readonly status: number;
  readonly headers: Record<string, string | number>;
  readonly body: string;
}

/** Every error is answered as the protocol has it: a status and {"error": string}. */
export function errorReply({ kind, message }: ServingError): ErrorReply {
  const body = JSON.stringify({ error: message });
  const headers: ErrorReply['headers'] = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  };
  if (kind === 'rejected' || kind === 'unavailable') headers['retry-after'] = RETRY_AFTER_SECONDS;
  return { status: STATUS[kind], headers, body };
}

export function sendError(reply: FastifyReply, error: ServingError): FastifyReply {
  const { status, headers, body } = errorReply(error);
  return reply.code(status).headers(headers).send(body);
}

/** Turns whatever was thrown into an error that a client may read. */
export function toServingError(
  error: unknown,
  { log, maxRequestBytes }: ErrorContext,
  { headers }: Pick<FastifyRequest, 'headers'>,
): ServingError {
  if (error instanceof ServingError) return error;
  const { statusCode = 500, code, message = 'bad request' } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLarge(maxRequestBytes);
  if (code === 'ECONNRESET') return new ServingError('cancelled', 'the client went away before its request was whole');
  if (statusCode === 415) return new ServingError('unsupportedMedia', message);
  // What Fastify says of a request is said to its sender; anything else stays here.
  if (statusCode >= 400 && statusCode < 500) return new ServingError('invalid', message);
  log.error({ err: error, ...traceFields(headers.traceparent) }, 'request failed');
  return internalError();
}

export interface ErrorContext {
  readonly log: Log;
  readonly maxRequestBytes: number;
}

export function tooLarge(maxRequestBytes: number): ServingError {
  return new ServingError('tooLarge', `the body is larger than the limit of ${maxRequestBytes} bytes`);
}
