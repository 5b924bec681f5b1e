import type { ServingError } from '../errors';

/** Limit on the bytes of a body or a message, also after decompression. */
export interface SizeLimit {
  readonly bytes: number;
  /** Creates the error for a larger one. */
  error(): ServingError;
}
