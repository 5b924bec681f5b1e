import type { StatusObject } from '@grpc/grpc-js';
import { internalError, ServingError, type ErrorKind } from '../errors';
import type { Log } from '../log';
import { status } from './libraries';

const CODE: Record<ErrorKind, status> = {
  invalid: status.INVALID_ARGUMENT,
  notFound: status.NOT_FOUND,
  methodNotAllowed: status.UNIMPLEMENTED,
  tooLarge: status.RESOURCE_EXHAUSTED,
  unsupportedMedia: status.INVALID_ARGUMENT,
  // Not UNAVAILABLE: common clients send that again at once, which on overload makes more of it.
  rejected: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  unfinished: status.DEADLINE_EXCEEDED,
  timeout: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  error: status.INTERNAL,
};

/** What it takes in a header is up to nine times that, and clients refuse headers of more than 8 KiB. */
const MAX_DETAILS = 800;

export type Status = Pick<StatusObject, 'code' | 'details'>;

export function statusOf({ kind, message }: ServingError, code = CODE[kind]): Status {
  // Half of a character could not be sent.
  return { code, details: message.slice(0, MAX_DETAILS).replace(/\p{Surrogate}/gu, '\ufffd') };
}

/** Turns whatever was thrown into an error that a client may read. */
export function toServingError(error: unknown, log: Log): ServingError {
  if (error instanceof ServingError) return error;
  log.error({ err: error }, 'request failed');
  return internalError();
}
