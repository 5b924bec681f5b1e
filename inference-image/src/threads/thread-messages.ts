import { type ErrorKind, messageOf, ServingError } from '../base/errors';
import type { Tensor } from '../tensor/tensor';

/** Reply of a thread whose work failed. */
export interface Failure {
  readonly type: 'failed';
  readonly kind: ErrorKind;
  readonly message: string;
}

/**
 * Lists the buffers to transfer instead of copying, so that sending a large tensor takes no longer than sending an
 * empty message.
 */
export function transferList(tensors: readonly Tensor[]): ArrayBuffer[] {
  return tensors.flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer]));
}

/** Converts an error to a message, because its class does not survive the transfer between threads. */
export function toFailure(error: unknown): Failure {
  return { type: 'failed', kind: error instanceof ServingError ? error.kind : 'error', message: messageOf(error) };
}

export function fromFailure({ kind, message }: Failure): Error {
  return kind === 'error' ? new Error(message) : new ServingError(kind, message);
}
