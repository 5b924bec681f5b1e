import type { ServingError } from '../../base/errors';
import type { Holding } from '../../budget/memory-budget';
import type { Connection } from './connection';

/** A method of a service, as the transport calls it. */
export interface Method {
  /** `/package.Service/Method` */
  readonly path: string;
  /** Maximum size of a message, in bytes after decompression. */
  readonly maxMessageBytes: number;
  /** Setting that determines `maxMessageBytes`; named in errors. @default - the limit is fixed */
  readonly limitSetting?: string;
  /** Whether a call may send many messages, each of which is answered, in order. @default false */
  readonly isStream?: boolean;
  /**
   * Whether calls count toward the memory budget. Health checks do not, because they must be answered even when the
   * budget is full; their messages must be small. @default true
   */
  readonly isCounted?: boolean;
  /** Handles a complete message, and answers it through the call, now or later. */
  handle(call: ServerCall, message: Buffer): void;
  /** Called if the transport refuses a message, or drops the call, before `handle`. @default - nothing */
  refused?(error: ServingError, receivedAt: number): void;
}

/** A call, as the method that handles it sees it. */
export interface ServerCall {
  readonly receivedAt: number;
  /** Time at which the client stops waiting, in performance.now() milliseconds. @default - never */
  readonly deadline?: number;
  /**
   * Memory of the budget that the call's message holds. @default - none before the first byte, or if the method does
   * not count toward the budget
   */
  readonly holding?: Holding;
  readonly connection: Connection | undefined;
  /** Whether the client no longer waits for the answer. */
  isCancelled(): boolean;
  /** Releases the memory of the message once it is decoded. */
  releaseMessage(): void;
  /**
   * Answers the message.
   * @param frame Answer as a gRPC frame.
   * @param isCounted Whether the holding already counts it.
   */
  answer(frame: Buffer, isCounted?: boolean): void;
  /**
   * Sends a message in a call that lasts until its client ends it. Returns false if the previous message is still
   * unsent.
   */
  push(frame: Buffer): boolean;
  /** Answers the message with an error. */
  fail(error: ServingError, code?: number): void;
}
