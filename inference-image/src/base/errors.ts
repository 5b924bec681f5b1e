/**
 * Category of an error, independent of the transport. HTTP and gRPC each map it to a status, and metrics use it as the
 * outcome of a request.
 */
export type ErrorKind =
  /** The request is invalid; retrying cannot help. */
  | 'invalid'
  /** Unknown path, model or version. */
  | 'notFound'
  | 'methodNotAllowed'
  /** The server does not accept requests from this sender. */
  | 'forbidden'
  | 'tooLarge'
  | 'unsupportedMedia'
  /** The queue or the memory for requests is full. */
  | 'rejected'
  /** The server is starting or shutting down, or its model failed. */
  | 'unavailable'
  /** The client did not send the rest of its request in time. */
  | 'unfinished'
  /** The request waited too long for an executor. */
  | 'timeout'
  /** The client disconnected before its request ran. */
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

/** Creates an error for an invalid request. The message gives the part, its value and what is allowed. */
export function invalid(message: string): ServingError {
  return new ServingError('invalid', message);
}

/** Creates the error that a client gets when the details belong only in the log. */
export function internalError(): ServingError {
  return new ServingError('error', 'internal error; see the server log');
}

export function messageOf(error: unknown): string {
  return (error as Partial<Error> | undefined)?.message ?? String(error);
}
