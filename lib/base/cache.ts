import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ModelServingError, type Problem } from './errors';
import { makeFolder, replaceFile } from './write-file';

/**
 * Returns the folder of the cache, which holds results that are expensive to compute, such as the sha256 of a large
 * file. The folder may be deleted at any time. The environment variable CDKTF_MODEL_SERVING_CACHE_DIR sets the folder.
 * The default is `cdktf-model-serving` in the user's cache folder: LOCALAPPDATA on Windows, and XDG_CACHE_HOME or
 * ~/.cache elsewhere.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ (a relative XDG_CACHE_HOME must be ignored)
 * @throws ModelServingError `cache-folder-missing` if the user has no home folder, as in a container that runs with an
 * unknown user id
 */
export function cacheFolder(): string {
  const { CDKTF_MODEL_SERVING_CACHE_DIR, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (CDKTF_MODEL_SERVING_CACHE_DIR) return CDKTF_MODEL_SERVING_CACHE_DIR;
  const usersCache = process.platform === 'win32' ? LOCALAPPDATA : XDG_CACHE_HOME;
  const parent = usersCache && isAbsolute(usersCache) ? usersCache : join(homeFolder(), '.cache');
  return join(parent, 'cdktf-model-serving');
}

/**
 * Creates a temporary folder in the cache. The caller must remove it.
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

/**
 * Checks, before any other work, that a folder can be created in the cache.
 *
 * @throws ModelServingError `cache-folder-missing`, `cache-folder-unwritable`
 */
export function checkCacheFolder(): void {
  rmdirSync(temporaryCacheFolder('check-'));
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

const REMEDY = 'Set CDKTF_MODEL_SERVING_CACHE_DIR to a folder that this user can write to';

const cacheErrors = {
  missing: (): Problem => ({
    code: 'cache-folder-missing',
    message: `No cache folder: this user has no home folder. ${REMEDY}.`,
  }),

  unwritable: (folder: string, reason: string): Problem => ({
    code: 'cache-folder-unwritable',
    message: `Cannot write to the cache folder ${folder}: ${reason}. ${REMEDY}.`,
  }),
};

/** Returns the value cached under a key; undefined if it is missing or cannot be read. */
export function readCache<T>(key: string): T | undefined {
  try {
    return JSON.parse(readFileSync(entryPath(key), 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Caches a JSON value under a key. Write errors are ignored. */
export function writeCache(key: string, value: unknown): void {
  try {
    replaceFile(entryPath(key), JSON.stringify(value));
  } catch {
    // The value will be computed again next time.
  }
}

function entryPath(key: string): string {
  return join(cacheFolder(), `${createHash('sha256').update(key).digest('hex')}.json`);
}
