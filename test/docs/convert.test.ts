import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root';

const SCRIPTS = join(ROOT, 'examples', 'convert');

test("the guide's Python is part of the scripts", () => {
  const docs = readFileSync(join(ROOT, 'docs', 'convert.md'), 'utf8');
  const scripts = readdirSync(SCRIPTS)
    .filter((file) => file.endsWith('.py'))
    .map((file) => readFileSync(join(SCRIPTS, file), 'utf8'));
  const snippets = [...docs.matchAll(/^```python\n(.*?)^```$/gms)].map(([, text]) => text!);
  expect(snippets).not.toHaveLength(0);
  for (const snippet of snippets)
    expect(scripts.filter((script) => script.includes(snippet))).toEqual([expect.any(String)]);
});
