import { ServingError } from '../errors';

/** Largest body of a request, also once it is decompressed. */
export interface BodyLimit {
  readonly bytes: number;
  /** What a client with a larger one is told. */
  error(): ServingError;
}

/** Requests other than inference need some bytes. */
const OTHER_BYTES = 64 * 1024;

export const OTHER_LIMIT: BodyLimit = {
  bytes: OTHER_BYTES,
  error: () =>
    new ServingError('tooLarge', `the body is larger than ${OTHER_BYTES} bytes, the most that this path takes`),
};

export function inferenceLimit(maxRequestBytes: number): BodyLimit {
  const message = `the body is larger than maxRequestBytes, ${maxRequestBytes} bytes; send less at a time, or raise that setting`;
  return { bytes: maxRequestBytes, error: () => new ServingError('tooLarge', message) };
}
