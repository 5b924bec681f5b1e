import type { Signature } from '../../../inference-image/src/contract/signature';
import { exampleInputs, madeUpInputs } from '../../../inference-image/src/tools/trial-inputs';

const BATCHED: Signature = {
  inputs: [
    { name: 'ids', datatype: 'INT64', dimensions: ['batch', 'sequence'] },
    { name: 'extra', datatype: 'FP32', dimensions: ['batch', 3, null] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['batch', 'classes'] }],
};

const AXES = { inputAxes: [0, 0], outputAxes: [0] };

/** Signature of a recurrent model. The rows of `state` are on axis 1, and all rows share `rate`. */
const RECURRENT: Signature = {
  inputs: [
    { name: 'state', datatype: 'FP32', dimensions: [2, 'N', 3] },
    { name: 'rate', datatype: 'INT64', dimensions: [] },
    { name: 'x', datatype: 'FP32', dimensions: ['M', 'length'] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['M'] }],
};

const RECURRENT_AXES = { inputAxes: [1, null, 0], outputAxes: [0] };

const FIXED: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', dimensions: [2, 'width'] }],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: [2] }],
};

const EXAMPLE = [
  {
    name: 'ids',
    datatype: 'INT64' as const,
    shape: [2, 5],
    data: BigInt64Array.from([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n]),
  },
  { name: 'extra', datatype: 'FP32' as const, shape: [2, 3, 2], data: Float32Array.from({ length: 12 }, (_, i) => i) },
];

const shapes = (tensors: readonly { shape: readonly number[] }[]) => tensors.map(({ shape }) => shape);

test('unspecified sizes are 1', () => {
  const inputs = madeUpInputs(BATCHED, { axes: AXES });
  expect(inputs.dimensions).toEqual({ sequence: 1, 'extra:2': 1 });
  expect(shapes(inputs.batch(4))).toEqual([
    [4, 1],
    [4, 3, 1],
  ]);
});

test('given sizes take precedence over those of the example', () => {
  const fromExample = madeUpInputs(BATCHED, { axes: AXES, example: EXAMPLE });
  expect(fromExample.dimensions).toEqual({ sequence: 5, 'extra:2': 2 });
  expect(shapes(fromExample.batch(1))).toEqual([
    [1, 5],
    [1, 3, 2],
  ]);
  expect(madeUpInputs(BATCHED, { axes: AXES, sizes: { sequence: 7 }, example: EXAMPLE }).dimensions).toEqual({
    sequence: 7,
    'extra:2': 2,
  });
});

test('an unnamed dimension is identified by its input and axis', () => {
  const inputs = madeUpInputs(BATCHED, { axes: AXES, sizes: { 'extra:2': 4 }, example: EXAMPLE });
  expect(inputs.dimensions).toEqual({ sequence: 5, 'extra:2': 4 });
  expect(shapes(inputs.batch(2))).toEqual([
    [2, 5],
    [2, 3, 4],
  ]);
  // If an unnamed dimension counts rows, it needs no size.
  const unnamed: Signature = { ...FIXED, inputs: [{ name: 'x', datatype: 'FP32', dimensions: [null, null] }] };
  const axes = { inputAxes: [0], outputAxes: [0] };
  expect(madeUpInputs(unnamed, { axes, sizes: { 'x:1': 3 } }).dimensions).toEqual({ 'x:1': 3 });
  expect(madeUpInputs(unnamed, { sizes: { 'x:1': 3 } }).dimensions).toEqual({ 'x:0': 1, 'x:1': 3 });
});

test('values are small and distinct, and integers are 0 and 1', () => {
  const [ids, extra] = madeUpInputs(BATCHED, { axes: AXES, sizes: { sequence: 64 } }).batch(2);
  expect(new Set(ids!.data as BigInt64Array)).toEqual(new Set([0n, 1n]));
  expect(new Set(extra!.data as Float32Array).size).toBe(6);
  expect(Math.max(...(extra!.data as Float32Array))).toBeLessThanOrEqual(1);
});

test('inputs of a model without batches keep their shape for any number of rows', () => {
  const inputs = madeUpInputs(FIXED, { sizes: { width: 3 } });
  expect(inputs.dimensions).toEqual({ width: 3 });
  expect(shapes(inputs.batch(1))).toEqual([[2, 3]]);
});

test('repeats rows of an example', () => {
  const inputs = exampleInputs(BATCHED, AXES, EXAMPLE);
  expect(inputs.dimensions).toEqual({ sequence: 5, 'extra:2': 2 });
  const [ids, extra] = inputs.batch(3);
  expect(ids).toMatchObject({ shape: [3, 5] });
  expect([...(ids!.data as BigInt64Array)]).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5].map(BigInt));
  expect(extra).toMatchObject({ shape: [3, 3, 2] });
});

test('copies the example of a model without batches', () => {
  const example = [{ name: 'x', datatype: 'FP32' as const, shape: [2, 1], data: Float32Array.of(1, 2) }];
  const inputs = exampleInputs(FIXED, undefined, example);
  expect(inputs.batch(1)).toEqual(example);
  expect(inputs.batch(1)[0]!.data).not.toBe(example[0]!.data);
});

describe('rows on other axes, rows with several names, and an input that all rows share', () => {
  test('generated', () => {
    const inputs = madeUpInputs(RECURRENT, { axes: RECURRENT_AXES, otherSize: 4 });
    expect(inputs.dimensions).toEqual({ length: 4 });
    expect(shapes(inputs.batch(5))).toEqual([[2, 5, 3], [], [5, 4]]);
  });

  test('from an example with inputs in a different order', () => {
    const example = [
      { name: 'x', datatype: 'FP32' as const, shape: [2, 1], data: Float32Array.of(7, 8) },
      { name: 'rate', datatype: 'INT64' as const, shape: [], data: BigInt64Array.of(16n) },
      {
        name: 'state',
        datatype: 'FP32' as const,
        shape: [2, 2, 3],
        data: Float32Array.from({ length: 12 }, (_, i) => i),
      },
    ];
    const [x, rate, state] = exampleInputs(RECURRENT, RECURRENT_AXES, example).batch(2);
    expect([...(x!.data as Float32Array)]).toEqual([7, 7]);
    expect(rate).toEqual(example[1]);
    expect(state).toMatchObject({ shape: [2, 2, 3] });
    expect([...(state!.data as Float32Array)]).toEqual([0, 1, 2, 0, 1, 2, 6, 7, 8, 6, 7, 8]);
  });
});
