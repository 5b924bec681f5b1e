import { mkdtempSync, realpathSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelServingError } from '../../lib/errors';

/** A folder for this file's tests, with a cache of its own. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-serving-')));
  process.env['MODEL_SERVING_CACHE_DIR'] = join(folder, 'cache');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What is wrong, as `code: message`. */
export function problemsOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ModelServingError)) throw error;
    return error.problems.map(({ code, message }) => `${code}: ${message}`);
  }
  return [];
}

/** Makes a file old enough for its hash to be kept. */
export function age(path: string, seconds = 60): void {
  const time = Date.now() / 1000 - seconds;
  utimesSync(path, time, time);
}
