import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { cacheFolder, readCache, temporaryCacheFolder, writeCache } from '../../lib/base/cache';

const folder = mkdtempSync(join(os.tmpdir(), 'cache-'));
const environment = { ...process.env };

beforeEach(() => {
  process.env['CDKTF_MODEL_SERVING_CACHE_DIR'] = join(folder, 'cache');
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...environment };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('keeps values by key', () => {
  expect(readCache('a key')).toBeUndefined();
  writeCache('a key', { answer: 42 });
  writeCache('another key', [1]);
  expect(readCache('a key')).toEqual({ answer: 42 });
  expect(readCache('another key')).toEqual([1]);
});

test('leaves only complete entries', () => {
  writeCache('a key', 1);
  writeCache('a key', 2);
  expect(readCache('a key')).toBe(2);
  expect(readdirSync(cacheFolder()).every((name) => /^[0-9a-f]{64}\.json$/.test(name))).toBe(true);
});

test('is silently disabled if its folder cannot be written', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  process.env['CDKTF_MODEL_SERVING_CACHE_DIR'] = join(file, 'cache');
  writeCache('a key', 1);
  expect(readCache('a key')).toBeUndefined();
});

test('ignores a damaged entry', () => {
  writeCache('damaged', 1);
  for (const name of readdirSync(cacheFolder())) {
    chmodSync(join(cacheFolder(), name), 0o600);
    writeFileSync(join(cacheFolder(), name), '{"half":');
  }
  expect(readCache('damaged')).toBeUndefined();
});

describe('its folder', () => {
  beforeEach(() => {
    delete process.env['CDKTF_MODEL_SERVING_CACHE_DIR'];
    delete process.env['XDG_CACHE_HOME'];
  });

  const posixTest = process.platform === 'win32' ? test.skip : test;

  posixTest('is in the home folder by default', () => {
    expect(cacheFolder()).toBe(join(os.homedir(), '.cache', 'cdktf-model-serving'));
  });

  posixTest('does not exist for a user without a home folder: an unknown user id, without HOME', () => {
    jest.spyOn(os, 'homedir').mockImplementation(() => {
      throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)');
    });
    const message =
      'No cache folder: this user has no home folder. Set CDKTF_MODEL_SERVING_CACHE_DIR to a folder that this user can write to.';
    expect(() => temporaryCacheFolder('serve-')).toThrow(message);
    expect(() => writeCache('a key', 1)).not.toThrow();
    expect(readCache('a key')).toBeUndefined();
  });

  posixTest('follows XDG_CACHE_HOME', () => {
    process.env['XDG_CACHE_HOME'] = '/var/cache/me';
    expect(cacheFolder()).toBe('/var/cache/me/cdktf-model-serving');
  });

  posixTest('ignores a relative XDG_CACHE_HOME, as its specification says', () => {
    process.env['XDG_CACHE_HOME'] = 'here';
    expect(cacheFolder()).toBe(join(os.homedir(), '.cache', 'cdktf-model-serving'));
  });

  test('follows CDKTF_MODEL_SERVING_CACHE_DIR', () => {
    process.env['CDKTF_MODEL_SERVING_CACHE_DIR'] = join(folder, 'mine');
    expect(cacheFolder()).toBe(join(folder, 'mine'));
  });
});
