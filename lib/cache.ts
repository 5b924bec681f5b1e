import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ModelServingError, type Problem } from './errors';
import { makeFolder } from './make-folder';
import { replaceFile } from './replace-file';

/**
 * The folder of what is expensive to find out and depends on nothing but its key, such as a large file's sha256.
 * It may be deleted at any time. CDKTF_MODEL_SERVING_CACHE_DIR names it; otherwise it is `cdktf-model-serving` in the
 * user's cache folder: LOCALAPPDATA on Windows, elsewhere XDG_CACHE_HOME or ~/.cache.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ (a relative XDG_CACHE_HOME is to be ignored)
 * @throws ModelServingError `cache-folder-missing` where the user has no home, as in containers of another user
 */
export function cacheFolder(): string {
  const { CDKTF_MODEL_SERVING_CACHE_DIR, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (CDKTF_MODEL_SERVING_CACHE_DIR) return CDKTF_MODEL_SERVING_CACHE_DIR;
  const usersCache = process.platform === 'win32' ? LOCALAPPDATA : XDG_CACHE_HOME;
  const parent = usersCache && isAbsolute(usersCache) ? usersCache : join(homeFolder(), '.cache');
  return join(parent, 'cdktf-model-serving');
}

/**
 * A new folder in the cache, which the caller removes.
 *
 * @throws ModelServingError `cache-folder-missing`, `cache-folder-unwritable`
 */
export function temporaryCacheFolder(prefix: string): string {
  const folder = cacheFolder();
  try {
    makeFolder(folder);
    return mkdtempSync(join(folder, prefix));
  } catch (error) {
    throw new ModelServingError([cacheErrors.unwritable(folder, (error as Error).message)]);
  }
}

function homeFolder(): string {
  const home = homeOfUser();
  if (home === undefined || !isAbsolute(home)) throw new ModelServingError([cacheErrors.missing()]);
  return home;
}

function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

const REMEDY = 'Set CDKTF_MODEL_SERVING_CACHE_DIR to a folder that this user may write to';

const cacheErrors = {
  missing: (): Problem => ({
    code: 'cache-folder-missing',
    message: `There is no folder for the cache: this user has no home folder. ${REMEDY}.`,
  }),

  unwritable: (folder: string, reason: string): Problem => ({
    code: 'cache-folder-unwritable',
    message: `The cache folder ${folder} cannot be written: ${reason}. ${REMEDY}.`,
  }),
};

/** What was written under the key, or undefined. A cache that cannot be read is no cache. */
export function readCache<T>(key: string): T | undefined {
  try {
    return JSON.parse(readFileSync(entryPath(key), 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Keeps a JSON value under the key. A cache that cannot be written is no cache. */
export function writeCache(key: string, value: unknown): void {
  try {
    replaceFile(entryPath(key), JSON.stringify(value));
  } catch {
    // What was worked out is worked out again next time.
  }
}

function entryPath(key: string): string {
  return join(cacheFolder(), `${createHash('sha256').update(key).digest('hex')}.json`);
}
