import { ServingError, messageOf, type ErrorKind } from '../base/errors';
import type { Run, RunResult } from './executor';
import type { SessionOptions, SessionSignature } from './session';
import type { Tensor } from '../tensor/tensor';

/** Messages from the main thread to an executor. Every message except `close` gets one reply, in order. */
export type ToExecutor =
  ({ readonly type: 'load' } & SessionOptions) | ({ readonly type: 'run' } & Run) | { readonly type: 'close' };

/** Messages from an executor to the main thread. */
export type FromExecutor =
  | { readonly type: 'loaded'; readonly result: SessionSignature }
  | { readonly type: 'done'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly kind: ErrorKind; readonly message: string };

/**
 * Lists the buffers to transfer instead of copying, so that sending a large tensor takes no longer than sending an
 * empty message.
 */
export function transferList(tensors: readonly Tensor[]): ArrayBuffer[] {
  return tensors.flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer]));
}

/** Converts an error to a message, because its class does not survive the transfer between threads. */
export function toFailure(error: unknown): FromExecutor {
  return { type: 'failed', kind: error instanceof ServingError ? error.kind : 'error', message: messageOf(error) };
}

export function fromFailure({ kind, message }: FromExecutor & { type: 'failed' }): Error {
  return kind === 'error' ? new Error(message) : new ServingError(kind, message);
}
