import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { initializer, node, value, writeOnnxModel } from '../support/onnx-builder';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

jest.mock('node:child_process', () => {
  const actual = jest.requireActual('node:child_process');
  return { ...actual, spawnSync: jest.fn(actual.spawnSync) };
});
const spawned = spawnSync as jest.MockedFunction<typeof spawnSync>;

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));
beforeEach(() => spawned.mockClear());

const tensor = (name: string, data: unknown[], rest: object = {}) => ({
  name,
  datatype: 'FP32',
  shape: [data.length],
  data,
  ...rest,
});

/** Reads a model that doubles its input, with the given golden examples. */
function read(examples: [name: string, x: number[], y: object][], props: OnnxModelProps = {}): OnnxModel {
  multiplier('.', 'double', 2);
  const golden = examples.map(([name, x, y]) => ({
    name,
    request: { inputs: [tensor('x', x)] },
    response: { outputs: [y] },
  }));
  writeFileSync('golden.json', JSON.stringify({ examples: golden }));
  return OnnxModel.fromFile('double.onnx', { golden: 'golden.json', ...props });
}

const DRIFT =
  'golden.json: example "second": output "y" at [1] is 4; expected 4.5: 0.5 apart, 0.00046 allowed. If the example comes from the training framework, fix the conversion. If the model is right, record the example again: model-serving golden record double.onnx --inputs … --out golden.json --force';
const SECOND: [string, number[], object] = ['second', [1, 2], tensor('y', [2, 4.5])];

test('examples that are reproduced are run once', () => {
  const examples: [string, number[], object][] = [['first', [1], tensor('y', [2])], ['near', [1], tensor('y', [2.0001])]]; // prettier-ignore
  expect(read(examples).servable).toBe(true);
  expect(spawned).toHaveBeenCalledTimes(2);
  expect(read(examples).servable).toBe(true);
  expect(spawned).toHaveBeenCalledTimes(2);
});

test('M18 every output that differs is reported, with its worst element', () => {
  const third: [string, number[], object] = ['third', [1, 2, 3], tensor('y', [2.5, 5, 6])];
  expect(() => read([['first', [1], tensor('y', [2])], SECOND, third])).toThrow(
    new Error(
      `${DRIFT} [golden-drift]\ngolden.json: example "third": output "y" at [1] is 4; expected 5: 1 apart, 0.00051 allowed (the worst of 2 differing elements out of 3). If the example comes from the training framework, fix the conversion. If the model is right, record the example again: model-serving golden record double.onnx --inputs … --out golden.json --force [golden-drift]`,
    ),
  );
});

test('examples that differ are run again', () => {
  expect(() => read([SECOND])).toThrow(DRIFT);
  spawned.mockClear();
  expect(() => read([SECOND])).toThrow(DRIFT);
  expect(spawned).toHaveBeenCalledTimes(1);
});

test('an output may have a tolerance of its own', () => {
  expect(read([['first', [1], tensor('y', [2.4], { tolerance: { absolute: 0.5 } })]]).servable).toBe(true);
});

test('differences may cause only a warning, or not be checked', () => {
  const warned = read([SECOND], { runtimeCheck: 'warn' });
  expect([warned.servable, warned.warnings]).toEqual([false, [DRIFT]]);
  spawned.mockClear();
  expect(read([SECOND], { runtimeCheck: 'skip' }).warnings).toEqual([]);
  expect(spawned).not.toHaveBeenCalled();
});

test('an example that the model cannot run is an error', () => {
  writeOnnxModel('gather.onnx', {
    inputs: [value('x', 'int64', ['n'])],
    outputs: [value('y', 'float', ['n'])],
    nodes: [node('Gather', ['table', 'x'], ['y'])],
    initializers: [initializer('table', 'float', [2], Float32Array.of(1, 2))],
  });
  const x = { ...tensor('x', [9]), datatype: 'INT64' };
  const example = { name: 'beyond', request: { inputs: [x] }, response: { outputs: [tensor('y', [1])] } };
  writeFileSync('golden.json', JSON.stringify({ examples: [example] }));
  expect(() => OnnxModel.fromFile('gather.onnx', { golden: 'golden.json' })).toThrow(
    /^golden\.json: example "beyond": the model cannot run on this input: .* If the model is right, .* \[golden-drift\]$/,
  );
});
