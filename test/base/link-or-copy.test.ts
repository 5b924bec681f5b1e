import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { linkOrCopy } from '../../lib/base/write-file';
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
  symlinkSync(file('real', 'bytes'), join(folder, 'link'));
  linkOrCopy(join(folder, 'link'), join(folder, 'staged'));
  expect(readFileSync(join(folder, 'staged'), 'utf8')).toBe('bytes');
});
