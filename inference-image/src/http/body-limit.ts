import type { SizeLimit } from '../budget/size-limit';
import { ServingError } from '../base/errors';

/** Limit on the bodies of requests other than inference. */
const OTHER_BYTES = 64 * 1024;

export const OTHER_LIMIT: SizeLimit = {
  bytes: OTHER_BYTES,
  error: () => new ServingError('tooLarge', `the body is larger than ${OTHER_BYTES} bytes, the limit of this path`),
};

export function inferenceLimit(maxRequestBytes: number): SizeLimit {
  const message = `the body is larger than maxRequestBytes (${maxRequestBytes} bytes); send less at a time, or raise that setting`;
  return { bytes: maxRequestBytes, error: () => new ServingError('tooLarge', message) };
}
