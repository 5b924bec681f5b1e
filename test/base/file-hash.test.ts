import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSha256 } from '../../lib/base/file-hash';
import { temporaryFolder } from '../support/temporary-folder';
import { age } from '../model/support';

const folder = temporaryFolder();
const reads = jest.spyOn(fs, 'readSync');

function write(name: string, content: Uint8Array | string, seconds?: number): string {
  const path = join(folder, name);
  fs.writeFileSync(path, content);
  age(path, seconds);
  return path;
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

beforeEach(() => reads.mockClear());

test('the hash is the sha256 of the content, with its size, also beyond one chunk', () => {
  const content = Buffer.alloc(3 * 1024 * 1024 + 17, 'abc');
  expect(fileSha256(write('large', content))).toEqual({ sha256: sha256(content), sizeBytes: content.length });
  expect(fileSha256(write('empty', ''))).toEqual({ sha256: sha256(''), sizeBytes: 0 });
});

test('reads a file once', () => {
  const path = write('once', 'content');
  const first = fileSha256(path);
  expect(reads).toHaveBeenCalled();
  reads.mockClear();
  expect(fileSha256(path)).toEqual(first);
  expect(reads).not.toHaveBeenCalled();
});

test('reads a touched file again, with the same result', () => {
  const path = write('touched', 'content');
  const first = fileSha256(path);
  age(path, 30);
  reads.mockClear();
  expect(fileSha256(path)).toEqual(first);
  expect(reads).toHaveBeenCalled();
});

test('detects new content of the same size', () => {
  const path = write('changed', 'one');
  expect(fileSha256(path).sha256).toBe(sha256('one'));
  write('changed', 'two', 30);
  expect(fileSha256(path).sha256).toBe(sha256('two'));
});

test('does not cache a file that was written just now', () => {
  const path = write('young', 'one', 0);
  fileSha256(path);
  const { atime, mtime } = fs.statSync(path);
  fs.writeFileSync(path, 'two');
  fs.utimesSync(path, atime, mtime);
  expect(fileSha256(path).sha256).toBe(sha256('two'));
});

test('throws the error of the file system', () => {
  expect(() => fileSha256(join(tmpdir(), 'no', 'such', 'file'))).toThrow('ENOENT');
});
