import type { Holding } from '../budget/holding';
import { ServingError } from '../errors';
import type { Run } from './executor';
import type { Tensor } from './tensor';

/** Whoever waits for a run. */
export interface Caller {
  /** Whether it has gone away. Asked rather than told: most requests never wait, and so need no listener. */
  isCancelled(): boolean;
  /** When it stops waiting, as performance.now() counts milliseconds. @default - never */
  readonly deadline?: number;
  /** What it holds of the memory for requests: outputs that are kept for it are added. @default - not counted */
  readonly holding?: Holding;
  /** When it started waiting, in `performance.now()` milliseconds. @default - when its run was asked for */
  readonly waitsSince?: number;
}

/** Why nobody waits for a run any more; undefined where somebody does. */
export function whyAbandoned(caller: Caller, now: number): ServingError | undefined {
  if (caller.isCancelled()) return new ServingError('cancelled', 'the client went away before its request ran');
  if (caller.deadline === undefined || now < caller.deadline) return undefined;
  return new ServingError('timeout', "the request's own timeout passed before it could run");
}

/** A run that waits for its turn, and whoever waits for it. */
export interface Job {
  readonly run: Run;
  readonly caller: Caller;
  /** Milliseconds, as performance.now() counts them. */
  readonly arrived: number;
  /** 1 where runs are not merged, whatever their shapes. */
  readonly rows: number;
  readonly bytes: number;
  /** A part of a larger request: its data are views of the request's. */
  readonly isPart: boolean;
  /** Shares no run: a batch that it was part of has failed. */
  alone: boolean;
  resolve(outputs: readonly Tensor[]): void;
  reject(error: unknown): void;
}
