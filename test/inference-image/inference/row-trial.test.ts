import type { Datatype, Signature } from '../../../inference-image/src/contract/signature';
import type { Executor, Run } from '../../../inference-image/src/inference/executor';
import { compareRow } from '../../../inference-image/src/inference/row-comparison';
import { RowLayout } from '../../../inference-image/src/inference/row-layout';
import { trialBatches, tryRows, tryRowsInTurn } from '../../../inference-image/src/inference/row-trial';
import { sliceRows } from '../../../inference-image/src/inference/rows';
import type { Tensor, TensorData } from '../../../inference-image/src/tensor/tensor';
import { exampleRows, TrialRows } from '../../../inference-image/src/inference/trial-rows';
import type { TrialRange } from '../../../inference-image/src/inference/trial-values';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', dimensions: ['n', 300] },
    { name: 'ids', datatype: 'UINT8', dimensions: [2, 'n', 3] },
    { name: 'rate', datatype: 'INT64', dimensions: [] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: [null, 300] }],
};
const axes = { inputAxes: [0, 1, null], outputAxes: [0] };
const layout = new RowLayout(signature, axes);

const template: Run = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [1, 300], data: new Float32Array(300) },
    { name: 'ids', datatype: 'UINT8', shape: [2, 1, 3], data: new Uint8Array(6) },
    { name: 'rate', datatype: 'INT64', shape: [], data: BigInt64Array.of(8000n) },
  ],
  outputs: ['y'],
};

function rowsIn(range: TrialRange, keepsCommon = false): TrialRows {
  return new TrialRows({ signature, axes, template, keepsCommon, range });
}

/** Executor for y = x that lets the test change its outputs. */
function executorOf(change: (y: Float32Array, rows: number, run: Run) => void = () => {}) {
  const runs: Run[] = [];
  const executor: Executor = {
    run(run) {
      runs.push(run);
      const x = run.inputs[0] as Tensor;
      const y = Float32Array.from(x.data as Float32Array);
      change(y, x.shape[0] as number, run);
      return { outputs: [{ ...x, name: 'y', data: y }], runSeconds: 0 };
    },
  };
  return { executor, runs, sizes: () => runs.map(({ inputs }) => inputs[0]!.shape[0]) };
}

describe('generated rows', () => {
  test.each([2, 3, 4, 5, 32, 1000])('are distinct in batches up to %s', (size) => {
    for (const indices of trialBatches(size)) {
      const { inputs } = rowsIn('wide').run(indices);
      const x = inputs[0] as Tensor;
      const rows = indices.map((_, i) => String(sliceRows(x, 0, i, 1).data));
      expect(new Set(rows).size).toBe(indices.length);
    }
  });

  test('are tried in batches of 2, 3 and the maximum, and compared at both ends and in between', () => {
    expect(trialBatches(2)).toEqual([[0, 1]]);
    expect(trialBatches(3)).toEqual([
      [0, 1],
      [2, 3, 1],
    ]);
    const [, , largest] = trialBatches(32);
    expect(largest).toHaveLength(32);
    expect(largest!.flatMap((row, i) => (row < 4 ? [[i, row]] : []))).toEqual([
      [0, 2],
      [10, 1],
      [20, 0],
      [31, 3],
    ]);
    expect(trialBatches(4)[2]).toEqual([2, 1, 0, 3]);
  });

  test('include one of zeros, and one a thousand times as large as the others', () => {
    const largest = (index: number) => Math.max(...(rowsIn('wide').run([index]).inputs[0]!.data as Float32Array));
    expect([0, 1, 2, 3, 4, 5, 31].map((index) => Math.round(largest(index)))).toEqual([0, 1000, 1, 1, 1, 1, 1]);
  });

  test('have a wide range of integers at first', () => {
    const values = (range: TrialRange) => [...(rowsIn(range).run([0, 1, 2, 3]).inputs[1]!.data as Uint8Array)];
    expect(Math.max(...values('wide'))).toBeGreaterThan(200);
    expect(Math.max(...values('digits'))).toBe(9);
    expect(Math.max(...values('bits'))).toBe(1);
  });

  test('have ones for a common input, unless an example supplies it', () => {
    expect(rowsIn('wide').run([0, 1]).inputs[2]).toEqual({ ...template.inputs[2], data: BigInt64Array.of(1n) });
    expect(rowsIn('wide', true).run([0, 1]).inputs[2]).toEqual(template.inputs[2]);
  });
});

describe('results of rows alone and together', () => {
  const tried = (executor: Executor, maxBatchSize = 32, tolerance: 'rounding' | 'none' = 'rounding') => {
    return tryRows({ executor, layout, tolerance }, rowsIn('wide'), trialBatches(maxBatchSize));
  };

  test('are equal in four runs alone and three together', async () => {
    const { executor, sizes } = executorOf();
    expect(await tried(executor)).toEqual({ largestDifference: 0 });
    expect(sizes()).toEqual([1, 1, 1, 1, 2, 3, 32]);
  });

  test('differ by rounding, which `exact` refuses', async () => {
    const round = (y: Float32Array, rows: number) => {
      if (rows > 1) y.forEach((value, i) => (y[i] = value * (1 + 5e-4)));
    };
    const { largestDifference, obstacle } = await tried(executorOf(round).executor);
    expect([obstacle, largestDifference]).toEqual([undefined, expect.closeTo(5e-4, 6)]);
    expect((await tried(executorOf(round).executor, 32, 'none')).obstacle).toBe(
      'in a batch of 2, output "y" differs from the output for the same row alone by 0.0005 of its largest magnitude; no bit may differ',
    );
  });

  test.each([0, 10, 31])('differ in row %s of the largest batch alone', async (row) => {
    const { executor } = executorOf((y, rows) => {
      if (rows === 32) for (let i = 0; i < 300; i++) y[row * 300 + i]! *= 1.0013;
    });
    expect((await tried(executor)).obstacle).toBe(
      'in a batch of 32, output "y" differs from the output for the same row alone by 0.0013 of its largest magnitude; up to 0.001 is allowed',
    );
  });

  test('are an obstacle if an output does not have one row for each row of the run', async () => {
    const { executor } = executorOf();
    const less = (when: number): Executor => ({
      async run(run) {
        const { outputs } = await executor.run(run);
        const rows = run.inputs[0]!.shape[0] as number;
        return { outputs: rows === when ? [sliceRows(outputs[0]!, 0, 0, rows - 1)] : outputs, runSeconds: 0 };
      },
    });
    expect((await tried(less(1))).obstacle).toBe('for 1 row, output "y" has shape [0,300]');
    expect((await tried(less(3))).obstacle).toBe('for 3 rows, output "y" has shape [2,300]');
  });

  test('use smaller integers if the model refuses larger ones', async () => {
    const table = (size: number) =>
      executorOf((_y, _rows, run) => {
        const outside = (run.inputs[1]!.data as Uint8Array).find((id) => id >= size);
        if (outside !== undefined) throw new Error(`index ${outside} is beyond the table`);
      });
    const inTurn = (executor: Executor) => {
      const sources = (['wide', 'digits', 'bits'] as const).map((range) => rowsIn(range));
      const options = { executor, layout, tolerance: 'rounding' as const };
      return tryRowsInTurn(options, sources, trialBatches(8)).then(({ source, ...trial }) => {
        return [sources.indexOf(source!), trial] as const;
      });
    };
    expect(await inTurn(table(1000).executor)).toEqual([0, { largestDifference: 0 }]);
    expect(await inTurn(table(50).executor)).toEqual([1, { largestDifference: 0 }]);
    expect(await inTurn(table(2).executor)).toEqual([2, { largestDifference: 0 }]);
    expect(await inTurn(table(0).executor)).toEqual([
      -1,
      {
        obstacle: expect.stringMatching(/^the model does not run on the rows of the trial: index \d/),
        isRefused: true,
        largestDifference: 0,
      },
    ]);
  });
});

describe('rows of golden examples', () => {
  const example = (rows: number, rate: number, width = 2): Run => ({
    inputs: [
      {
        name: 'x',
        datatype: 'FP32',
        shape: [rows, width],
        data: Float32Array.from({ length: rows * width }, (_, i) => i + rate),
      },
      { name: 'rate', datatype: 'INT64', shape: [], data: BigInt64Array.of(BigInt(rate)) },
    ],
    outputs: ['y'],
  });
  const small = new RowLayout(
    {
      inputs: [
        { name: 'x', datatype: 'FP32', dimensions: ['n', 'width'] },
        { name: 'rate', datatype: 'INT64', dimensions: [] },
      ],
      outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['n', 'width'] }],
    },
    { inputAxes: [0, null], outputAxes: [0] },
  );

  test('run together if they are compatible, at most three', () => {
    const rows = exampleRows(small, [example(1, 8), example(1, 16), example(1, 8, 3), example(2, 16), example(5, 16)]);
    expect(rows?.count).toBe(3);
    const [x, rate] = rows!.run([0, 2]).inputs;
    expect([x!.shape, [...(x!.data as Float32Array)]]).toEqual([
      [2, 2],
      [16, 17, 18, 19],
    ]);
    expect(rate!.data).toEqual(BigInt64Array.of(16n));
  });

  test('are not tried if no two are compatible', () => {
    expect(exampleRows(small, [example(1, 8), example(1, 16), example(1, 8, 3), example(0, 8)])).toBeUndefined();
  });
});

describe('comparison of a row', () => {
  const of = (datatype: Datatype, data: TensorData): Tensor => ({ name: 'y', datatype, shape: [data.length], data });
  const floats = (...data: number[]) => of('FP32', Float32Array.from(data));

  test('is relative to the largest magnitude of the row, not of each element', () => {
    expect(compareRow(floats(100, 1e-3), floats(100, 2e-3), 'rounding')).toEqual({
      difference: expect.closeTo(1e-5, 8),
    });
    expect(compareRow(floats(100, 0), floats(100, 0.2), 'rounding')).toEqual({
      difference: expect.closeTo(2e-3, 8),
      excess:
        'differs from the output for the same row alone by 0.002 of its largest magnitude; up to 0.001 is allowed',
    });
  });

  test('NaN equals NaN, and other non-finite values must be equal', () => {
    expect(compareRow(floats(NaN, 1), floats(NaN, 1.0001), 'rounding').excess).toBeUndefined();
    expect(compareRow(floats(Infinity, 1), floats(Infinity, 1.0001), 'rounding').excess).toBeUndefined();
    for (const [a, b] of [
      [NaN, 1],
      [1, NaN],
      [Infinity, -Infinity],
      [1, Infinity],
      [0, 1e-30],
    ] as const) {
      expect(compareRow(floats(a, 1 * Number(a !== 0)), floats(b, 1 * Number(a !== 0)), 'rounding').excess).toMatch(
        /^differs/,
      );
    }
  });

  test('compares the values of FP16', () => {
    const half = (...bits: number[]) => of('FP16', Uint16Array.from(bits));
    // These are the bits of 1, of the second number after 1, and of a number that is 1.6% larger than 1.
    expect(compareRow(half(0x3c00), half(0x3c02), 'rounding')).toEqual({ difference: 2 / 1024 });
    expect(compareRow(half(0x3c00), half(0x3c10), 'rounding').excess).toMatch(/by 0.016 of .*; up to 0.01 is allowed$/);
    expect(compareRow(half(0x3c00), half(0x3c02), 'none').excess).toMatch(/no bit may differ$/);
  });

  test('allows a difference of one step for quantized values, and none for other integers, booleans and strings', () => {
    const differ = (datatype: Datatype, a: TensorData, b: TensorData, tolerance: 'rounding' | 'none' = 'rounding') =>
      compareRow(of(datatype, a), of(datatype, b), tolerance).excess !== undefined;
    expect(differ('UINT8', Uint8Array.of(7, 9), Uint8Array.of(8, 8))).toBe(false);
    expect(differ('UINT8', Uint8Array.of(7, 9), Uint8Array.of(9, 9))).toBe(true);
    expect(differ('UINT8', Uint8Array.of(7), Uint8Array.of(8), 'none')).toBe(true);
    expect(differ('INT16', Int16Array.of(-7), Int16Array.of(-8))).toBe(false);
    expect(differ('INT32', Int32Array.of(7), Int32Array.of(8))).toBe(true);
    expect(differ('INT64', BigInt64Array.of(7n), BigInt64Array.of(8n))).toBe(true);
    expect(differ('BOOL', Uint8Array.of(0), Uint8Array.of(1))).toBe(true);
    expect(differ('BYTES', ['a,b'], ['a', 'b'])).toBe(true);
    expect(differ('BYTES', ['a'], ['a'])).toBe(false);
  });
});
