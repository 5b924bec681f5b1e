import type { ServingError } from '../../base/errors';
import type { Call } from './call';

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
  handle(call: Call, message: Buffer): void;
  /** Called if the transport refuses a message, or drops the call, before `handle`. @default - nothing */
  refused?(error: ServingError, receivedAt: number): void;
}
