import { ServingError, messageOf, type ErrorKind } from '../errors';
import type { Run, RunResult } from './executor';
import type { SessionOptions, SessionSignature } from './session';
import type { Tensor } from './tensor';

/** Main thread to executor. Each but `close` gets one reply, in order. */
export type ToExecutor =
  ({ readonly type: 'load' } & SessionOptions) | ({ readonly type: 'run' } & Run) | { readonly type: 'close' };

/** Executor to main thread. */
export type FromExecutor =
  | { readonly type: 'loaded'; readonly result: SessionSignature }
  | { readonly type: 'done'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly kind: ErrorKind; readonly message: string };

/** The buffers to transfer rather than copy: a large tensor then costs no more to send than an empty message. */
export function transferList(tensors: readonly Tensor[]): ArrayBuffer[] {
  return tensors.flatMap(({ data }) => (Array.isArray(data) ? [] : [data.buffer as ArrayBuffer]));
}

/** An error's class does not survive the way between threads; what matters of it does. */
export function toFailure(error: unknown): FromExecutor {
  return { type: 'failed', kind: error instanceof ServingError ? error.kind : 'error', message: messageOf(error) };
}

export function fromFailure({ kind, message }: FromExecutor & { type: 'failed' }): Error {
  return kind === 'error' ? new Error(message) : new ServingError(kind, message);
}
