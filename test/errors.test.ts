import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './support/root';

/** Finds all codes in a string. The first group of the pattern matches the code. */
function codes(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, code]) => code!))].sort();
}

test('docs/errors.md lists exactly the errors that the library throws', () => {
  const sources = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(ROOT, 'lib', file), 'utf8'))
    .join('\n');
  const thrown = sources.match(/^\s+code: .*$/gm)!.join('\n');
  const tables = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
    .match(/^\| `.*? \|/gm)!
    .join('\n');
  expect(codes(tables, /`([a-z0-9-]+)`/g)).toEqual(codes(thrown, /'([a-z0-9]+(?:-[a-z0-9]+)+)'/g));
});
