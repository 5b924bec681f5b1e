import type { ServingError } from '../../errors';
import type { Call } from './call';

/** A method of a service, as the transport calls it. */
export interface Method {
  /** `/package.Service/Method` */
  readonly path: string;
  /** Largest message that it takes, after decompression. */
  readonly maxMessageBytes: number;
  /** Name of the setting that limits its messages, for errors. @default - the limit is fixed */
  readonly limitSetting?: string;
  /** Whether a call may bring many messages, each of which is answered in its turn. @default false */
  readonly isStream?: boolean;
  /**
   * Whether calls count against the budget of memory. What must be answered when it is full does not: health. Its
   * messages must be small. @default true
   */
  readonly isCounted?: boolean;
  /** Handles a message, which is whole. It answers through the call, now or later. */
  handle(call: Call, message: Buffer): void;
  /** Called where the transport itself refuses a message, or drops the call, before `handle`. @default - nothing */
  refused?(error: ServingError, receivedAt: number): void;
}
