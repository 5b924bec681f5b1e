import type { CallTime } from './call-time';
import { InferenceError, type InferenceErrorCode } from './inference-error';

/**
 * Limits of the random part of a pause, in milliseconds. Before attempt n + 1, it is at most
 * `FIRST_PAUSE * 2 ** (n - 1)`, and never more than LONGEST_PAUSE.
 */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

const RETRIED: readonly InferenceErrorCode[] = ['overloaded', 'unavailable', 'connection'];

/**
 * Repeats a call until it succeeds, or until a retry is useless or not allowed. Inference has no side effects, so a
 * request may be sent more than once.
 */
export async function withRetries<T>(time: CallTime, retries: number, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 0; ;) {
    try {
      // If the call has already ended, nothing is sent.
      await time.within(Promise.resolve());
      attempts++;
      return await time.within(attempt());
    } catch (error) {
      if (!(error instanceof InferenceError)) throw error;
      error.attempts = attempts;
      const pause = pauseAfter(error, attempts);
      if (!RETRIED.includes(error.code) || attempts > retries || pause >= time.remaining()) throw error;
      await time.pause(pause).catch((over: InferenceError) => {
        over.attempts = attempts;
        throw over;
      });
    }
  }
}

/**
 * Returns the server's Retry-After plus a random time, so that clients that were rejected at the same time do not all
 * retry at the same time.
 */
function pauseAfter({ retryAfter = 0 }: InferenceError, attempts: number): number {
  return retryAfter + Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
}

/**
 * Converts Retry-After, which is a number of seconds or a date, to milliseconds:
 * https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
