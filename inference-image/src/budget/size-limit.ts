import type { ServingError } from '../errors';

/** Most bytes of a body or a message, also once it is decompressed. */
export interface SizeLimit {
  readonly bytes: number;
  /** What a client with a larger one is told. */
  error(): ServingError;
}
