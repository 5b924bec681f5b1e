import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { OnnxModel } from 'cdktf-model-serving';
import { goldenErrors } from '../../lib/golden/errors';
import { readGoldenFile } from '../../lib/golden/golden-file';
import { problemsOf } from '../model/support';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { runCli } from '../support/run-cli';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => {
  process.chdir(folder);
  writeOnnxModel('m.onnx', identity('float', ['n', 2]));
});
afterAll(() => process.chdir(home));
beforeEach(() => {
  for (const file of readdirSync('.')) if (file !== 'm.onnx') rmSync(file, { recursive: true, force: true });
});

type Elements = { data: unknown[] } | { file: string };

const tensor = (name: string, elements: Elements, shape = [1, 2]) => ({ name, datatype: 'FP32', shape, ...elements });

function golden(...examples: [x: Elements, y: Elements][]): string {
  const all = examples.map(([x, y], i) => ({
    name: `example ${i + 1}`,
    request: { inputs: [tensor('x', x)] },
    response: { outputs: [tensor('y', y)] },
  }));
  writeFileSync('m.golden.json', JSON.stringify({ examples: all }));
  return 'm.golden.json';
}

function file(name: string, ...values: number[]): { file: string } {
  mkdirSync('m.golden', { recursive: true });
  writeFileSync(`m.golden/${name}`, new Uint8Array(Float32Array.from(values).buffer));
  return { file: `m.golden/${name}` };
}

const ONE = { data: [1, 2] };
const read = () => OnnxModel.fromFile('m.onnx', { golden: 'm.golden.json' });

/** Reads the model, and returns the problems. Expects `check` to report the same problems. */
function refused(): string[] {
  const problems = problemsOf(read);
  const { code, stderr } = runCli('check', 'm.onnx');
  expect(code).toBe(1);
  for (const problem of problems) expect(stderr).toContain(problem.slice(problem.indexOf(': ') + 2));
  return problems;
}

/** Reads the model, and returns the warnings. Expects `check` to print the same warnings. */
function warned(): readonly string[] {
  const { warnings } = read();
  const { code, stderr } = runCli('check', 'm.onnx');
  expect(code).toBe(0);
  for (const warning of warnings) expect(stderr).toContain(`warning: ${warning}\n`);
  return warnings;
}

test('NaN everywhere, in JSON and in a file', () => {
  const remedy =
    ', so comparing this output could not detect a changed model. Record the example with a different request, or remove this output from the example.';
  golden([ONE, ONE], [{ data: ['NaN', 'NaN'] }, { data: ['NaN', ['NaN']] }]);
  expect(refused()).toEqual([
    `golden-all-nan: m.golden.json: example "example 2": output "y" is NaN in all 2 elements${remedy}`,
  ]);
  golden([file('x.bin', NaN, NaN), file('y.bin', NaN, NaN)]);
  expect(refused()).toEqual([
    `golden-all-nan: m.golden.json: example "example 1": output "y" is NaN in all 2 elements${remedy}`,
  ]);
  rmSync('m.golden', { recursive: true });
  golden([{ data: [1, 'NaN'] }, { data: [1, 'NaN'] }]);
  expect(warned()).toEqual([]);
});

test('constant: a warning, because the answers of a classifier may be equal by chance', () => {
  golden([ONE, ONE], [{ data: [1, 2.000001] }, ONE]);
  expect(warned()).toEqual([
    'm.golden.json: all 2 examples have the same response to different requests, so they may not detect a changed model. Add a request with a different response.',
  ]);
  golden([ONE, ONE], [ONE, ONE]);
  expect(warned()).toEqual([]);
});

test('wrong size, in JSON and in a file', () => {
  golden([ONE, { data: [1] }]);
  expect(refused()).toEqual([
    'golden-mismatch: m.golden.json: example "example 1": output "y" has 1 elements of data, but its shape needs 2. Record the example again with this model.',
  ]);
  golden([ONE, file('y.bin', 1)]);
  expect(refused()).toEqual([
    'golden-mismatch: m.golden.json: example "example 1": output "y" has 4 bytes in m.golden/y.bin, but its shape needs 8. Record the example again with this model.',
  ]);
});

test('orphans: a warning', () => {
  golden([file('x.bin', 1, 2), ONE]);
  file('old.y.bin', 1, 2);
  file('old.x.bin', 1, 2);
  expect(warned()).toEqual([
    'm.golden.json: m.golden/ contains files that no example uses: old.x.bin, old.y.bin. Remove these files.',
  ]);
});

test('hidden files beside the examples, and a file at the path of their folder, are ignored', () => {
  golden([file('x.bin', 1, 2), ONE]);
  file('.DS_Store', 1, 2);
  expect(warned()).toEqual([]);
  rmSync('m.golden', { recursive: true });
  golden([ONE, ONE]);
  writeFileSync('m.golden', '');
  expect(warned()).toEqual([]);
});

test.each(['{"examples": [', '{"examples": [{"name": "fir', '{"examples": [{"name": "first"', '{"examples": [\n'])(
  'half-written: %j',
  (text) => {
    writeFileSync('m.golden.json', text);
    expect(refused()).toEqual([
      'golden-half-written: m.golden.json: the JSON is cut off: the file was only partly written or copied. Restore it from version control, or record the examples again with --force.',
    ]);
  },
);

test('a file that is not JSON is not reported as half-written', () => {
  writeFileSync('m.golden.json', '{"examples": oops]}');
  expect(refused()).toEqual([
    expect.stringMatching(/^golden-not-json: m\.golden\.json: this file is not valid JSON: /),
  ]);
});

test('unreadable', () => {
  mkdirSync('m.golden.json');
  expect(refused()).toEqual([
    'not-a-file: m.golden.json: this is a folder or a device, not a regular file. Pass the path of a file.',
  ]);
  rmSync('m.golden.json', { recursive: true });
  golden([ONE, { file: 'm.golden/y.bin' }]);
  expect(refused()).toEqual([
    'golden-file-missing: m.golden.json: this file refers to "m.golden/y.bin", which does not exist. Paths are relative to the folder of m.golden.json.',
  ]);
  writeFileSync('m.golden.json', Buffer.from([0xff, 0xfe, 0x7b, 0]));
  expect(refused()).toEqual([expect.stringMatching(/^file-not-utf8: m\.golden\.json: /)]);
});

test('outdated: the command in the message works in a shell', () => {
  golden([ONE, ONE]);
  const examples = readGoldenFile('m.golden.json');
  expect(goldenErrors.outdated({ ...examples, path: 'a b/m.golden.json' }, 'a b/m.onnx')).toMatch(
    / model-serving golden record 'a b\/m\.onnx' --inputs … --out 'a b\/m\.golden\.json' --force$/,
  );
});

// Root can read every file.
(process.getuid?.() === 0 ? test.skip : test)('without permission', () => {
  golden([ONE, ONE]);
  chmodSync('m.golden.json', 0);
  expect(existsSync('m.golden.json')).toBe(true);
  expect(refused()).toEqual(['file-unreadable: m.golden.json: cannot read the file: EACCES. Check its permissions.']);
});

test.each([[3], [20_000]])('data nested %d levels deeper than its shape has dimensions', (depth) => {
  const tensors = `{"name":"x","datatype":"FP32","shape":[1,2],"data":${'['.repeat(depth)}1,2${']'.repeat(depth)}}`;
  const response = { outputs: [tensor('y', { data: [1, 2] })] };
  writeFileSync(
    'm.golden.json',
    `{"examples":[{"name":"deep","request":{"inputs":[${tensors}]},"response":${JSON.stringify(response)}}]}`,
  );
  const problems = problemsOf(() => OnnxModel.fromFile('m.onnx', { golden: 'm.golden.json', runtimeCheck: 'skip' }));
  expect(JSON.stringify(problems)).toContain('nested deeper than its shape allows');
});
