import type { Executor } from '../../../inference-image/src/inference/executor';
import { smallestRun, warmUp } from '../../../inference-image/src/inference/warm-up';

test('the smallest run is of zeros and empty text, 1 for each dimension that is not fixed', () => {
  const run = smallestRun({
    inputs: [
      { name: 'x', datatype: 'FP32', dimensions: ['n', 3] },
      { name: 's', datatype: 'BYTES', dimensions: [null] },
      { name: 'scalar', datatype: 'INT64', dimensions: [] },
    ],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions: [] }],
  });
  expect(run).toEqual({
    inputs: [
      { name: 'x', datatype: 'FP32', shape: [1, 3], data: new Float32Array(3) },
      { name: 's', datatype: 'BYTES', shape: [1], data: [''] },
      { name: 'scalar', datatype: 'INT64', shape: [], data: new BigInt64Array(1) },
    ],
    outputs: ['y'],
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

test('a less fast one by fewer, lest its start take longer', async () => {
  const executor = executorOf(0.002);
  expect(await warmUp(executor, makeRun)).toEqual({ runSeconds: 0.002, elements: 6 });
  expect(executor.runs).toBe(4);
});

test('a slow model runs once', async () => {
  const executor = executorOf(2);
  expect(await warmUp(executor, makeRun)).toEqual({ runSeconds: 2, elements: 6 });
  expect(executor.runs).toBe(1);
});
