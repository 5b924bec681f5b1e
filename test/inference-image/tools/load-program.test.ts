import { join } from 'node:path';
import { ROOT } from '../../support/root';
import type { LoadOrder } from '../../../inference-image/src/contract/load-messages';
import { OnnxModel } from '../../../lib/onnx-model/onnx-model';
import { reportsOf } from '../../../lib/base/runtime-process';
import { initializer, node, value, writeOnnxModel } from '../../support/onnx-builder';
import { multiplier, recurrent, slowMultiplier } from '../../support/models';
import { temporaryFolder } from '../../support/temporary-folder';

const PROGRAM = join(ROOT, 'dist/inference-image/load-program.cjs');
const folder = temporaryFolder();

/**
 * Loads a model with the program, and returns the lines that the program reports: that the model is loaded, and the
 * results of its trial.
 */
function linesFor(path: string, trial: Partial<LoadOrder['trial']> = {}, triesEmpty = false) {
  const { signature } = OnnxModel.fromFile(path, { runtimeCheck: 'skip' });
  const order: LoadOrder = {
    modelPath: path,
    signature,
    trial: { seconds: 30, memoryBytes: 2 ** 31, ...trial },
    triesEmpty,
  };
  return reportsOf('loads it', [PROGRAM], JSON.stringify(order));
}

test('runs a model with two sizes of its free dimension', () => {
  expect(linesFor(multiplier(folder, 'double', 2))).toEqual({
    lines: [
      { outputs: [{ name: 'y', shape: [-1] }] },
      { run: { inputs: [[2]], outputs: [[2]] } },
      { run: { inputs: [[3]], outputs: [[3]] } },
    ],
    isTimeout: false,
  });
});

test('terminates a run that takes too long, and reports the model as loaded', () => {
  const start = performance.now();
  expect(linesFor(slowMultiplier(folder, 'slow', 2, 60), { seconds: 1 })).toEqual({
    lines: [{ outputs: [{ name: 'y', shape: [-1] }] }, { stopped: 'its runs take more than 1 s', byLimit: true }],
    ending: { failure: 'the process that loads it was killed by SIGKILL' },
    isTimeout: false,
  });
  expect(performance.now() - start).toBeLessThan(20_000);
});

test('terminates a run that takes too much memory', () => {
  const path = writeOnnxModel(join(folder, 'large.onnx'), {
    inputs: [value('x', 'float', ['n'])],
    outputs: [value('y', 'float', [])],
    nodes: [
      node('ReduceMax', ['x'], ['largest'], { attributes: { keepdims: 0 } }),
      node('Expand', ['largest', 'shape'], ['large']),
      node('Sin', ['large'], ['sines']),
      node('ReduceMax', ['sines'], ['y'], { attributes: { keepdims: 0 } }),
    ],
    // The model needs two tensors of 1.2 GB each.
    initializers: [initializer('shape', 'int64', [1], BigInt64Array.of(300_000_000n))],
  });
  expect(linesFor(path, { memoryBytes: 100 * 2 ** 20 }).lines).toEqual([
    { outputs: [{ name: 'y', shape: [] }] },
    { stopped: 'its runs use more than 100 MiB of memory', byLimit: true },
  ]);
});

test('reports no trial for a model that does not load', () => {
  const path = writeOnnxModel(join(folder, 'broken.onnx'), {
    inputs: [value('x', 'float', ['n'])],
    outputs: [value('y', 'float', ['n'])],
    nodes: [node('NoSuchOperator', ['x'], ['y'])],
  });
  expect(linesFor(path).lines).toEqual([{ failure: expect.stringContaining('NoSuchOperator') }]);
});

describe('on empty inputs', () => {
  const tried = (operator: 'LSTM' | 'GRU' | 'RNN') => {
    const { lines, ending } = linesFor(writeOnnxModel(join(folder, `${operator}.onnx`), recurrent(operator)), {}, true);
    return { last: lines.at(-1), ending };
  };

  test.each([
    ['LSTM', [2, 0, 3]],
    ['GRU', [0, 5, 3]],
  ] as const)('the last line of the report has the shapes that crash the process: %s', (operator, shape) => {
    expect(tried(operator)).toEqual({
      last: { edge: 'empty', shapes: [shape] },
      ending: { failure: 'the process that loads it was killed by SIGABRT' },
    });
  });

  test('tries each free dimension empty once if the process survives: RNN', () => {
    expect(tried('RNN')).toEqual({ last: { edge: 'empty', shapes: [[2, 0, 3]] }, ending: undefined });
  });
});

describe('on the smallest integers and -1', () => {
  const tried = (operator: string, elem: 'int32' | 'int64' | 'float') => {
    const path = writeOnnxModel(join(folder, `${operator}-${elem}.onnx`), {
      inputs: [value('a', elem, ['n']), value('b', elem, ['n'])],
      outputs: [value('y', elem, ['n'])],
      nodes: [node(operator, ['a', 'b'], ['y'])],
    });
    const { lines, ending } = linesFor(path);
    return { edges: lines.filter((line) => 'edge' in (line as object)).length, ending };
  };

  test.each([
    ['Div', 'int32'],
    ['Div', 'int64'],
    ['Mod', 'int64'],
  ] as const)('a model that divides them ends the process: %s of %s', (operator, elem) => {
    const ending = { failure: 'the process that loads it was killed by SIGFPE' };
    expect(tried(operator, elem)).toEqual({ edges: expect.any(Number), ending });
  });

  test('a model that does not divide them survives: one run for each integer input as the divisor, and one without', () => {
    expect(tried('Mul', 'int32')).toEqual({ edges: 3, ending: undefined });
    expect(tried('Div', 'float')).toEqual({ edges: 0, ending: undefined });
  });
});
