import type { ServingError } from '../base/errors';

/** Limit on the bytes of a body or a message, both compressed and decompressed. */
export interface SizeLimit {
  readonly bytes: number;
  /** Creates the error for a body or a message above the limit. */
  error(): ServingError;
}
