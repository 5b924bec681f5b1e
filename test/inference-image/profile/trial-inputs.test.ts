import type { Signature } from '../../../inference-image/src/contract/signature';
import { exampleInputs, madeUpInputs } from '../../../inference-image/src/profile/trial-inputs';

const BATCHED: Signature = {
  inputs: [
    { name: 'ids', datatype: 'INT64', dimensions: ['batch', 'sequence'] },
    { name: 'extra', datatype: 'FP32', dimensions: ['batch', 3, null] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['batch', 'classes'] }],
};

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

test('what nobody says is 1', () => {
  const inputs = madeUpInputs(BATCHED, {});
  expect(inputs.dimensions).toEqual({ sequence: 1 });
  expect(shapes(inputs.batch(4))).toEqual([
    [4, 1],
    [4, 3, 1],
  ]);
});

test('sizes come from what is given, then from the example', () => {
  const fromExample = madeUpInputs(BATCHED, {}, EXAMPLE);
  expect(fromExample.dimensions).toEqual({ sequence: 5 });
  expect(shapes(fromExample.batch(1))).toEqual([
    [1, 5],
    [1, 3, 2],
  ]);
  expect(madeUpInputs(BATCHED, { sequence: 7 }, EXAMPLE).dimensions).toEqual({ sequence: 7 });
});

test('values differ and are small; integers are 0 and 1', () => {
  const [ids, extra] = madeUpInputs(BATCHED, { sequence: 64 }).batch(2);
  expect(new Set(ids!.data as BigInt64Array)).toEqual(new Set([0n, 1n]));
  expect(new Set(extra!.data as Float32Array).size).toBe(6);
  expect(Math.max(...(extra!.data as Float32Array))).toBeLessThanOrEqual(1);
});

test('a model without batches has its own shape, however many rows are asked for', () => {
  const inputs = madeUpInputs(FIXED, { width: 3 });
  expect(inputs.dimensions).toEqual({ width: 3 });
  expect(shapes(inputs.batch(1))).toEqual([[2, 3]]);
});

test('rows of an example', () => {
  const inputs = exampleInputs(BATCHED, EXAMPLE);
  expect(inputs.dimensions).toEqual({ sequence: 5 });
  const [ids, extra] = inputs.batch(3);
  expect(ids).toMatchObject({ shape: [3, 5] });
  expect([...(ids!.data as BigInt64Array)]).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5].map(BigInt));
  expect(extra).toMatchObject({ shape: [3, 3, 2] });
});

test('an example of a model without batches, which is not given away', () => {
  const example = [{ name: 'x', datatype: 'FP32' as const, shape: [2, 1], data: Float32Array.of(1, 2) }];
  const inputs = exampleInputs(FIXED, example);
  expect(inputs.batch(1)).toEqual(example);
  expect(inputs.batch(1)[0]!.data).not.toBe(example[0]!.data);
});
