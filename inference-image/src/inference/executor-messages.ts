import type { Run, RunResult } from './executor';
import type { SessionOptions, SessionSignature } from './session';
import type { Failure } from '../threads/thread-messages';

/** Messages from the main thread to an executor. Every message except `close` gets one reply, in order. */
export type ToExecutor =
  ({ readonly type: 'load' } & SessionOptions) | ({ readonly type: 'run' } & Run) | { readonly type: 'close' };

/** Messages from an executor to the main thread. */
export type FromExecutor =
  | { readonly type: 'loaded'; readonly result: SessionSignature }
  | { readonly type: 'done'; readonly result: RunResult }
  | Failure;
