import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { runCli } from '../support/run-cli';
import { multiplier } from '../support/models';
import { identity, node, value, writeOnnxModel } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

const record = (...args: string[]) => runCli('golden', 'record', ...args);

function request(path: string, tensor: object): string {
  writeFileSync(path, JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', ...tensor }] }));
  return path;
}

test('records requests with the answers of the model', () => {
  const model = multiplier('.', 'double', 2);
  const one = request('one.json', { shape: [1], data: [0.1] });
  const two = request('two.json', { shape: [2], data: [1, 2] });
  expect(record(model, '--inputs', one, two, '--absolute', '0.001')).toEqual({
    code: 0,
    stdout: 'double.golden.json: 2 golden examples.\n',
    stderr: '',
  });
  expect(readFileSync('double.golden.json', 'utf8')).toBe(`{
  "examples": [
    {
      "name": "one",
      "request": {
        "inputs": [
          { "name": "x", "datatype": "FP32", "shape": [1], "data": [0.1] }
        ]
      },
      "response": {
        "outputs": [
          { "name": "y", "datatype": "FP32", "shape": [1], "data": [0.2] }
        ]
      },
      "tolerance": {"absolute":0.001}
    },
    {
      "name": "two",
      "request": {
        "inputs": [
          { "name": "x", "datatype": "FP32", "shape": [2], "data": [1,2] }
        ]
      },
      "response": {
        "outputs": [
          { "name": "y", "datatype": "FP32", "shape": [2], "data": [2,4] }
        ]
      },
      "tolerance": {"absolute":0.001}
    }
  ]
}
`);
  expect(OnnxModel.fromFile(model, { golden: 'double.golden.json' }).servable).toBe(true);

  expect(record(model, '--inputs', one).stderr).toBe(
    'double.golden.json: this file already exists. Choose a different file with --out, or overwrite it with --force. [golden-exists]\n',
  );
  expect(record(model, '--inputs', one, '--force').stdout).toBe('double.golden.json: 1 golden example.\n');
});

test('keeps 64-bit integers exact, and stores many elements and FP16 as bytes', () => {
  const long = writeOnnxModel('long.onnx', identity('int64', ['n']));
  writeFileSync(
    'id.json',
    '{"inputs": [{"name": "x", "datatype": "INT64", "shape": [1], "data": [9007199254740993]}]}',
  );
  expect(record(long, '--inputs', 'id.json').code).toBe(0);
  expect(readFileSync('long.golden.json', 'utf8')).toContain('"data": [9007199254740993]');

  const half = writeOnnxModel('half.onnx', identity('float16', ['n']));
  writeFileSync('x.bin', Buffer.from([0, 0x3c]));
  writeFileSync('half.json', '{"inputs": [{"name": "x", "datatype": "FP16", "shape": [1], "file": "x.bin"}]}');
  expect(record(half, '--inputs', resolve('half.json')).code).toBe(0);
  expect(readFileSync('half.golden/half.y.bin')).toEqual(Buffer.from([0, 0x3c]));

  expect(record(half, '--random', '2', '--force').code).toBe(0);
  expect(readFileSync('half.golden/random_2.x.bin')).toHaveLength(4);

  const wide = writeOnnxModel('wide.onnx', identity('float', ['n', 5000]));
  expect(record(wide, '--random', '2').code).toBe(0);
  const { examples } = JSON.parse(readFileSync('wide.golden.json', 'utf8'));
  expect(examples[1].request.inputs[0]).toEqual({
    name: 'x',
    datatype: 'FP32',
    shape: [2, 5000],
    file: 'wide.golden/random_2.x.bin',
  });
  expect(readFileSync('wide.golden/random_2.x.bin')).toHaveLength(40_000);
});

test('reports an invalid request, and writes nothing', () => {
  const model = multiplier('.', 'strict', 2);
  const wrong = request('wrong.json', { shape: [3], data: [1] });
  const { code, stderr } = record(model, '--inputs', wrong);
  expect([code, stderr]).toEqual([
    1,
    `strict.onnx: nothing was recorded: wrong: input "x": data has 1 elements; shape [3] needs 3. Fix the request; model-serving inspect strict.onnx lists the model's inputs. [golden-not-recorded]\n`,
  ]);
  expect(existsSync('strict.golden.json')).toBe(false);
  for (const [json, what] of [
    ['null', 'the request: Invalid input: expected object, received null'],
    ['{}', 'inputs: Invalid input: expected array, received undefined'],
    [
      '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "file": "../x.bin"}]}',
      'inputs.0.file: must be a path within the folder of the golden examples, with "/"',
    ],
    [
      '{"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "data": [1], "file": "x.bin"}]}',
      'inputs.0: must have either data or file',
    ],
  ] as const) {
    writeFileSync('wrong.json', json);
    expect(record(model, '--inputs', 'wrong.json').stderr).toContain(`nothing was recorded: wrong: ${what}. Fix`);
  }
  const [one, other] = ['a', 'b'].map((name) => {
    mkdirSync(name);
    return request(`${name}/same.json`, { shape: [1], data: [1] });
  });
  expect(record(model, '--inputs', one!, other!).stderr).toBe(
    'golden record: two requests are named "same", after their files. Rename one of the files. [golden-name-twice]\n',
  );
  expect(record(model, '--random', '1', '--out', 'golden').stderr).toContain('Use a file that ends in .json.');
  for (const requests of [[], ['--random', '1', '--inputs', one!]]) {
    // These errors are reported before the model is read.
    expect(record('missing.onnx', ...requests).stderr).toBe(
      'golden record: the requests are missing or ambiguous. Use either --inputs or --random. [golden-inputs-or-random]\n',
    );
  }
  expect(record('missing.onnx', '--inputs', one!, '--seed', '1', '--dimension', 'n=3').stderr).toBe(
    'golden record: --dimension applies only to --random; the requests of --inputs have their own sizes. Remove --dimension, or use --random instead of --inputs. [golden-sizes-of-inputs]\n' +
      'golden record: --seed applies only to --random. Remove --seed, or use --random instead of --inputs. [golden-seed-of-inputs]\n',
  );
  expect(record(model, '--random', '0').stderr).toContain('Use a whole number of at least 1.');
});

test('refuses an answer that rounding changes by more than the largest tolerance, unless a tolerance is set', () => {
  const model = writeOnnxModel('stairs.onnx', {
    inputs: [value('x', 'float', [8])],
    outputs: [value('y', 'float', [8])],
    nodes: [node('Floor', ['x'], ['y'])],
  });
  const whole = request('whole.json', { shape: [8], data: new Array(8).fill(1) });
  const { code, stderr } = record(model, '--inputs', whole);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(
      /^stairs\.onnx: nothing was recorded: rounding changes the answer to "whole" by more than a tenth of the output's largest value: output "y" at \[\d\] is 0; expected 1: 1 apart, 0\.1 allowed.*\. A tolerance that allows this would not detect wrong answers\. Use a different request, or set the tolerance with --absolute\. \[golden-unstable\]\n$/,
    ),
  ]);
  expect(existsSync('stairs.golden.json')).toBe(false);
  expect(record(model, '--inputs', whole, '--absolute', '1')).toMatchObject({ code: 0 });
  const between = request('between.json', { shape: [8], data: new Array(8).fill(1.5) });
  expect(record(model, '--inputs', between, '--force')).toMatchObject({ code: 0 });
});

test('check lists what it checked', () => {
  const model = multiplier('.', 'checked', 2);
  const lines = () =>
    runCli('check', model)
      .stdout.replace(/[0-9a-f]{64}/, 'SHA256')
      .split('\n');
  expect(lines()).toEqual([
    'model: checked, version 1, sha256 SHA256',
    'runtime: loads the model',
    'golden examples: none',
    'profile: none',
    'interface: none',
    '',
  ]);
  record(model, '--random', '1');
  runCli('interface', 'accept', model);
  expect(lines().slice(2)).toEqual([
    'golden examples: checked.golden.json, reproduced',
    'profile: none',
    'interface: checked.interface.json, no breaking changes',
    '',
  ]);
  multiplier('.', 'checked', 3);
  const { code, stdout, stderr } = runCli('check', model);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain('checked.golden.json: example "random 1": output "y" at [0] is ');
});
