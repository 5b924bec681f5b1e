import type { Dimension, Signature } from '../../../inference-image/src/contract/signature';
import type { Executor } from '../../../inference-image/src/inference/executor';
import { largerSizes, warmUp, zerosRun } from '../../../inference-image/src/inference/warm-up';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', dimensions: ['n', 3] },
    { name: 's', datatype: 'BYTES', dimensions: [null] },
    { name: 'scalar', datatype: 'INT64', dimensions: [] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: [] }],
};

test('the smallest run has zeros, empty strings, and size 1 for each free dimension', () => {
  expect(zerosRun(signature, 1)).toEqual({
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [1, 3], data: new Float32Array(3) },
      { name: 's', datatype: 'BYTES', shape: [1], data: [''] },
      { name: 'scalar', datatype: 'INT64', shape: [], data: new BigInt64Array(1) },
    ],
    outputs: ['y'],
  });
});

describe('larger sizes', () => {
  const picture = (...dimensions: Dimension[]): Signature => {
    return { inputs: [{ name: 'x', datatype: 'FP32', dimensions }], outputs: [] };
  };
  const axes = { inputAxes: [0], outputAxes: [] };

  test('apply to free dimensions that do not count rows; the run still has one row', () => {
    expect(zerosRun(picture('n', 3, 'h', null), 8, axes).inputs[0]?.shape).toEqual([1, 3, 8, 8]);
    expect(zerosRun(picture('n', 3, 'h', null), 8).inputs[0]?.shape).toEqual([8, 3, 8, 8]);
    expect([...largerSizes(picture('n', 3, 'h', null), axes)]).toEqual([2, 4, 8, 16, 32, 64, 128, 256]);
  });

  test('end when inputs become large', () => {
    expect([...largerSizes(picture('n', 'length'), axes)].at(-1)).toBe(16_384);
    expect([...largerSizes(picture('n', 1000, 'length'), axes)].at(-1)).toBe(256);
    expect([...largerSizes(picture('n', 1_000_000, 'length'), axes)]).toEqual([]);
  });

  test('are empty if only rows are free', () => {
    expect([...largerSizes(picture('n', 4), axes)]).toEqual([]);
    expect([...largerSizes(picture(1, 4))]).toEqual([]);
  });
});

function executorOf(...seconds: number[]): Executor & { runs: number } {
  return {
    runs: 0,
    run() {
      return { outputs: [], runSeconds: seconds[Math.min(this.runs++, seconds.length - 1)] as number };
    },
  };
}

const makeRun = () => ({
  inputs: [{ name: 'x', datatype: 'INT8' as const, shape: [2, 3], data: new Int8Array(6) }],
  outputs: [],
});

test('a fast model is measured by the median of several runs', async () => {
  const executor = executorOf(0.0005, 0.0003, 0.0001);
  expect(await warmUp(executor, makeRun)).toEqual({ runSeconds: 0.0001, elements: 6 });
  expect(executor.runs).toBe(16);
});

test('a slower model is measured by fewer runs, to limit its start time', async () => {
  const executor = executorOf(0.002);
  expect(await warmUp(executor, makeRun)).toEqual({ runSeconds: 0.002, elements: 6 });
  expect(executor.runs).toBe(4);
});

test('a slow model runs once', async () => {
  const executor = executorOf(2);
  expect(await warmUp(executor, makeRun)).toEqual({ runSeconds: 2, elements: 6 });
  expect(executor.runs).toBe(1);
});
