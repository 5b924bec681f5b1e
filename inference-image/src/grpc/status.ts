import { internalError, ServingError, type ErrorKind } from '../errors';
import type { Log } from '../log';

/** https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
export const STATUS = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

const CODE: Record<ErrorKind, number> = {
  invalid: STATUS.INVALID_ARGUMENT,
  notFound: STATUS.NOT_FOUND,
  methodNotAllowed: STATUS.UNIMPLEMENTED,
  forbidden: STATUS.PERMISSION_DENIED,
  tooLarge: STATUS.RESOURCE_EXHAUSTED,
  unsupportedMedia: STATUS.UNIMPLEMENTED,
  // Not UNAVAILABLE: common clients send that again at once, which on overload makes more of it.
  rejected: STATUS.RESOURCE_EXHAUSTED,
  unavailable: STATUS.UNAVAILABLE,
  unfinished: STATUS.DEADLINE_EXCEEDED,
  timeout: STATUS.DEADLINE_EXCEEDED,
  cancelled: STATUS.CANCELLED,
  error: STATUS.INTERNAL,
};

/** What it takes in a header is up to nine times that, and clients refuse headers of more than 8 KiB. */
const MAX_DETAILS = 800;

/** How a call ended that failed. */
export interface Status {
  readonly code: number;
  readonly details: string;
  /** Whether the same request may succeed a little later. */
  readonly isOverload?: boolean;
}

export function statusOf({ kind, message }: ServingError, code = CODE[kind]): Status {
  // Half of a character could not be sent.
  const details = message.slice(0, MAX_DETAILS).replace(/\p{Surrogate}/gu, '\ufffd');
  return { code, details, isOverload: kind === 'rejected' };
}

/** Turns whatever was thrown into an error that a client may read. */
export function toServingError(error: unknown, log: Log): ServingError {
  if (error instanceof ServingError) return error;
  log.error({ err: error }, 'request failed');
  return internalError();
}
