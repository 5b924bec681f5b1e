import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root';

const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
const SERVER = 'inference-image/src';

/** Paths in the text: those with a slash, and files that are named beside one of them. */
function paths(): string[] {
  const named = [...page.matchAll(/`([\w./-]+)`/g)].map(([, path]) => path!);
  return [...new Set(named)].filter((path) => /^[\w.-]+(\/[\w.-]+)+$/.test(path) && !path.includes('X/y'));
}

/** Folders of the sources, as the tables name them. */
function folders(root: string, prefix: string): string[] {
  return readdirSync(join(ROOT, root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${prefix}${name}`);
}

test.each(paths())('%s exists', (path) => {
  expect([path, join(SERVER, path)].some((each) => existsSync(join(ROOT, each)))).toBe(true);
});

test.each([...folders('lib', 'lib/'), ...folders(SERVER, '')])('the folder %s is described', (folder) => {
  expect(page).toContain(`\`${folder}\``);
});
