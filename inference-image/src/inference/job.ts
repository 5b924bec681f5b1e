import { ServingError } from '../base/errors';
import type { Holding } from '../budget/memory-budget';
import type { Tensor } from '../tensor/tensor';
import type { Run } from './executor';

/** The party that waits for a run. */
export interface Caller {
  /**
   * Whether the caller has disconnected. The server polls this method, because most requests never wait and need no
   * listener.
   */
  isCancelled(): boolean;
  /** Time at which the caller stops waiting, in performance.now() milliseconds. @default - never */
  readonly deadline?: number;
  /** Memory that the caller's request holds; outputs kept for it are added. @default - not counted */
  readonly holding?: Holding;
  /**
   * Time at which the caller started waiting, in performance.now() milliseconds. @default - the time at which its run
   * was submitted
   */
  readonly waitsSince?: number;
}

/** Reason that the caller no longer waits; undefined if it still does. */
export function whyAbandoned(caller: Caller, now: number): ServingError | undefined {
  if (caller.isCancelled()) return new ServingError('cancelled', 'the client disconnected before its request ran');
  if (caller.deadline === undefined || now < caller.deadline) return undefined;
  return new ServingError('timeout', "the request's own timeout passed before it could run");
}

/** A queued run and its caller. */
export interface Job {
  readonly run: Run;
  readonly caller: Caller;
  /** Time of arrival, in performance.now() milliseconds. */
  readonly arrived: number;
  /** Number of rows; 1 if runs are not merged. */
  readonly rows: number;
  readonly bytes: number;
  /** Whether the job is part of a larger request, whose data it shares. */
  readonly isPart: boolean;
  /** Whether the job must run alone, for example because its batch failed. */
  alone: boolean;
  resolve(outputs: readonly Tensor[]): void;
  reject(error: unknown): void;
}

/** Amount of work that waits in all queues that share limits. */
export class QueuedWork {
  jobs = 0;
  rows = 0;
  bytes = 0;

  add({ rows, bytes }: Job): void {
    this.jobs++;
    this.rows += rows;
    this.bytes += bytes;
  }

  remove({ rows, bytes }: Job): void {
    this.jobs--;
    this.rows -= rows;
    this.bytes -= bytes;
  }
}
