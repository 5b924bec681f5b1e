import { internalError, ServingError, type ErrorKind } from '../../base/errors';
import type { Log } from '../../base/log';

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
  // UNAVAILABLE would worsen an overload, because common clients retry it immediately.
  rejected: STATUS.RESOURCE_EXHAUSTED,
  unavailable: STATUS.UNAVAILABLE,
  unfinished: STATUS.DEADLINE_EXCEEDED,
  timeout: STATUS.DEADLINE_EXCEEDED,
  cancelled: STATUS.CANCELLED,
  error: STATUS.INTERNAL,
};

/**
 * Maximum length of the details. Their encoding in a header is up to nine times as long, and clients refuse headers
 * over 8 KiB.
 */
const MAX_DETAILS = 800;

/** Status of a failed call. */
export interface Status {
  readonly code: number;
  readonly details: string;
  /** Whether a retry may soon succeed. */
  readonly isOverload?: boolean;
}

export function statusOf({ kind, message }: ServingError, code = CODE[kind]): Status {
  // The cut may leave half of a surrogate pair, which cannot be encoded.
  const details = message.slice(0, MAX_DETAILS).replace(/\p{Surrogate}/gu, '\ufffd');
  return { code, details, isOverload: kind === 'rejected' };
}

/** Converts a thrown value to an error that a client may read; logs unexpected values. */
export function toServingError(error: unknown, log: Log): ServingError {
  if (error instanceof ServingError) return error;
  log.error({ err: error }, 'request failed');
  return internalError();
}
