/**
 * What kind of thing went wrong, in the words of no transport: HTTP and gRPC each map it to a status of their own,
 * and metrics use it as the outcome of a request.
 */
export type ErrorKind =
  /** The request is wrong; sending it again cannot help. */
  | 'invalid'
  /** No such path, model or version. */
  | 'notFound'
  | 'methodNotAllowed'
  /** Not from this sender. */
  | 'forbidden'
  | 'tooLarge'
  | 'unsupportedMedia'
  /** The queue or the memory for requests is full. */
  | 'rejected'
  /** Not ready (yet, or any more). */
  | 'unavailable'
  /** The client did not send the rest of its request in time. */
  | 'unfinished'
  /** Waited too long for an executor. */
  | 'timeout'
  /** The client went away before its turn came. */
  | 'cancelled'
  /** A fault of the server. */
  | 'error';

/** An error whose message is written for the client. The message of any other error stays in the log. */
export class ServingError extends Error {
  override readonly name = 'ServingError';

  constructor(
    readonly kind: ErrorKind,
    message: string,
  ) {
    super(message);
  }
}

/** The memory for requests is full. */
export class MemoryFullError extends ServingError {
  constructor(message: string) {
    super('rejected', message);
  }
}

/** The request is wrong: say which part, what was given and what is allowed. */
export function invalid(message: string): ServingError {
  return new ServingError('invalid', message);
}

/** What a client is told where only the log may say more. */
export function internalError(): ServingError {
  return new ServingError('error', 'internal error; the log of the server has more');
}

export function messageOf(error: unknown): string {
  return (error as Partial<Error> | undefined)?.message ?? String(error);
}
