import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkOrCopy, makeFolder } from '../../lib/base/write-file';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

test('never overwrites an existing file', () => {
  const [first, second, target] = [file('first', '1'), file('second', '2'), join(folder, 'target')];
  linkOrCopy(first, target);
  expect(() => linkOrCopy(second, target)).toThrow('EEXIST');
  expect([first, second, target].map((path) => readFileSync(path, 'utf8'))).toEqual(['1', '2', '1']);
});

test('a symbolic link is replaced by its file', () => {
  symlinkSync(file('bytes', 'bytes'), join(folder, 'to-bytes'));
  linkOrCopy(join(folder, 'to-bytes'), join(folder, 'staged'));
  expect(readFileSync(join(folder, 'staged'), 'utf8')).toBe('bytes');
});

const home = process.cwd();
beforeEach(() => process.chdir(folder));
afterAll(() => process.chdir(home));

test('creates missing parents too, and does not change existing folders', () => {
  for (const path of ['a/b/c', join(folder, 'a/b/d'), 'a/b/c', '.', 'a/']) {
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  }
  expect(readdirSync('a/b')).toEqual(['c', 'd']);
});

test('follows links to folders', () => {
  mkdirSync('real');
  symlinkSync('real', 'link');
  makeFolder('link');
  makeFolder('link/below');
  expect(readdirSync('real')).toEqual(['below']);
});

test('fails if the path or a parent is a file', () => {
  writeFileSync('file', '');
  expect(() => makeFolder('file')).toThrow("EEXIST: file already exists, mkdir 'file'");
  expect(() => makeFolder('file/a/b')).toThrow("ENOTDIR: not a directory, mkdir 'file/a'");
});

// Node's own recursive mkdir would never return.
const procTest = process.platform === 'linux' ? test : test.skip;

procTest('fails if no folder can be created', () => {
  expect(() => makeFolder('/proc/none/a/b')).toThrow("ENOENT: no such file or directory, mkdir '/proc/none'");
});
