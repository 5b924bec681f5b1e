/**
 * - `invalid-request`: the request is wrong, by the checks here or by the server's; sending it again cannot help
 * - `overloaded`: 429, the queue is full
 * - `unavailable`: 503, no server that is ready
 * - `connection`: no server answered, or not to the end
 * - `deadline`: the time of the call is over, or (504) the server would not have begun in time
 * - `aborted`: by a signal, whose reason is `cause`
 * - `server-error`: any other answer that is an error
 * - `invalid-answer`: an answer that is none, or not what this client was generated for
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

/** Why there is no answer. */
export class InferenceError extends Error {
  /** What kind of failure it is. */
  readonly code: InferenceErrorCode;
  /** The status of the last answer, if there was one to the last attempt. */
  readonly status: number | undefined;
  /** What the server said, if it did. */
  readonly serverMessage: string | undefined;
  /** Milliseconds after which to come back, as the server said, if it did. */
  readonly retryAfter: number | undefined;
  /** How often the request was sent; 0 where it was not. */
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
