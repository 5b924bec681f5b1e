import { utimesSync } from 'node:fs';
import { ModelServingError } from '../../lib/base/errors';

/** Problems that an action reports, in the form `code: message`. */
export function problemsOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ModelServingError)) throw error;
    return error.problems.map(({ code, message }) => `${code}: ${message}`);
  }
  return [];
}

/** Makes a file old enough for its hash to be cached. */
export function age(path: string, seconds = 60): void {
  const time = Date.now() / 1000 - seconds;
  utimesSync(path, time, time);
}
