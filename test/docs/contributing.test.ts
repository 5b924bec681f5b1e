import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root';

const SYSTEM = join(ROOT, 'test/system');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const suites = jest.requireActual<Record<string, { needs: string; isInCi: boolean }>>(join(SYSTEM, 'suites.js'));
const names = Object.keys(suites);
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const guide = read('CONTRIBUTING.md');
const ci = read('.ci/run');

/** Rows of the guide's table of commands. */
const rows = guide
  .split('\n')
  .filter((line) => line.startsWith('| `npm '))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, commands, , needs]) => ({
    scripts: [...commands!.matchAll(/`npm (?:run )?([\w:-]+)/g)].map(([, script]) => script!),
    needs,
  }));
const described = rows.flatMap((row) => row.scripts);

test('the guide describes each script that tests or measures, once', () => {
  const expected = Object.keys(scripts).filter((name) =>
    /^(test|bench|fuzz|lint|typecheck|docs|format)(:|$)/.test(name),
  );
  expect([...described].sort()).toEqual(expected.sort());
});

test('each folder of system tests is a suite', () => {
  const folders = readdirSync(SYSTEM, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual([...names].sort());
});

describe.each(names)('the suite %s', (name) => {
  test('has a script', () => {
    const isJest = `SUITE=${name} jest --config test/system/jest.config.js`;
    expect([isJest, `test/system/${name}/run`]).toContain(scripts[`test:${name}`]);
  });

  test('is described with what it needs', () => {
    const row = rows.find((each) => each.scripts.includes(`test:${name}`));
    expect(row?.needs).toBe(suites[name]!.needs);
  });

  test('is run in CI, or listed as omitted', () => {
    const omitted = /It omits (.*?) and the benchmarks/.exec(guide)![1]!;
    const { isInCi } = suites[name]!;
    expect(new RegExp(` test:${name}\\b`).test(ci)).toBe(isInCi);
    expect(omitted.includes(`\`test:${name}\``)).toBe(!isInCi);
  });
});
