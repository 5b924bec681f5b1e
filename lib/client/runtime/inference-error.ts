/**
 * - `invalid-request`: the client or the server rejected the request; sending it again cannot succeed
 * - `overloaded`: status 429, the queue is full
 * - `unavailable`: status 503, no server is ready
 * - `connection`: no server answered, or the answer was incomplete
 * - `deadline`: the deadline of the call has passed, or the server could not run the request in time (status 504)
 * - `aborted`: a signal aborted the call; the error's `cause` is the signal's reason
 * - `server-error`: any other error answer
 * - `invalid-answer`: the answer is malformed, or does not match this client
 */
export type InferenceErrorCode =
  | 'invalid-request'
  | 'overloaded'
  | 'unavailable'
  | 'connection'
  | 'deadline'
  | 'aborted'
  | 'server-error'
  | 'invalid-answer';

export interface InferenceErrorDetails {
  readonly status?: number | undefined;
  readonly serverMessage?: string | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** Failure of a call. */
export class InferenceError extends Error {
  /** Kind of failure. */
  readonly code: InferenceErrorCode;
  /** HTTP status of the answer to the last attempt; undefined if there was no answer. */
  readonly status: number | undefined;
  /** Error message that the server sent, if there was one. */
  readonly serverMessage: string | undefined;
  /**
   * Milliseconds to wait before the next attempt, according to the server's Retry-After; undefined without this header.
   */
  readonly retryAfter: number | undefined;
  /** Number of times the request was sent; 0 if it was not sent. */
  attempts = 0;

  constructor(code: InferenceErrorCode, message: string, details: InferenceErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = 'InferenceError';
    this.code = code;
    this.status = details.status;
    this.serverMessage = details.serverMessage;
    this.retryAfter = details.retryAfter;
  }
}

export function invalidRequest(message: string): InferenceError {
  return new InferenceError('invalid-request', message);
}

export function invalidAnswer(message: string, cause?: unknown): InferenceError {
  return new InferenceError('invalid-answer', message, cause === undefined ? {} : { cause });
}
