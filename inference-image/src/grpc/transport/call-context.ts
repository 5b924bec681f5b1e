import type { ServingError } from '../../base/errors';
import type { Inflater } from '../../budget/inflater';
import type { MemoryBudget } from '../../budget/memory-budget';
import type { UnreadAnswers } from '../../budget/unread-answers';
import type { Metrics } from '../../metrics/metrics';
import type { IdleCall, IdleCalls } from './idle-calls';

/** State and options that all calls share. */
export interface CallContext {
  readonly budget: MemoryBudget;
  readonly inflater: Inflater;
  readonly idle: IdleCalls;
  /** @default - answers in the operating system's buffers are not counted */
  readonly unread?: Pick<UnreadAnswers, 'sent'>;
  readonly metrics: Pick<Metrics, 'observeDrop'>;
  /** Time that a client has to complete a message that it has begun. */
  readonly receiveTimeoutSeconds: number;
  /** Time that a client has to read an answer. */
  readonly sendTimeoutSeconds: number;
  /** Converts a thrown value to an error for the client. */
  toServingError(error: unknown): ServingError;
  /** Whether the server is shutting down; streams then accept no further message. */
  isEnding: boolean;
  /** Calls that still have an open stream, work in progress, or an answer in transit. */
  readonly calls: Set<OpenCall>;
}

/** A call, as the transport sees it. */
export interface OpenCall extends IdleCall {
  /** Ends a stream that waits for its next message. */
  shutDown(): void;
  /** Enforces the time limits. Called several times a second. */
  sweep(now: number): void;
}
