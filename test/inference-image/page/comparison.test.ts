import { compareElement, compareTensor, verdict } from '../../../inference-image/page/comparison';
import type { ExpectedTensor } from '../../../inference-image/page/tensor';

const expected = (datatype: string, ...data: ExpectedTensor['data']): ExpectedTensor => ({
  name: 'y',
  datatype,
  shape: [data.length],
  data,
  tolerance: { absolute: 0.1, relative: 0.01 },
});

test.each<[string, any, any, boolean, number | undefined]>([
  ['FP32', 10.19, 10, true, Math.fround(10.19) - 10],
  ['FP32', 10.21, 10, false, Math.fround(10.21) - 10],
  ['FP32', 0.1, 0.10000000149011612, true, 0],
  ['FP64', 'NaN', 'NaN', true, 0],
  ['FP64', 1, 'NaN', false, NaN],
  ['FP64', 'Infinity', 'Infinity', true, 0],
  ['FP64', 'Infinity', '-Infinity', false, Infinity],
  ['INT32', 10, 10, true, 0],
  ['INT32', 11, 10, false, 1],
  ['INT64', 9007199254740993n, 9007199254740993n, true, undefined],
  ['INT64', 9007199254740995n, 9007199254740993n, false, undefined],
  ['BOOL', true, false, false, undefined],
  ['BYTES', 'a', 'a', true, undefined],
])('%s: %p for %p', (datatype, got, value, isWithin, distance) => {
  expect(compareElement(got, value, expected(datatype, value))).toMatchObject({ isWithin });
  expect(compareElement(got, value, expected(datatype, value)).distance).toBe(distance);
});

test('summarizes all outputs in a sentence', () => {
  const tensor = expected('FP32', 1, 2);
  const say = (...got: Parameters<typeof compareTensor>[0][]) =>
    verdict(got.map((one) => compareTensor(one, tensor))).text;
  expect(say(tensor)).toBe('✓ As expected: 2 elements, no difference.');
  expect(say({ ...tensor, data: [1, 2.0625] })).toBe('✓ As expected: 2 elements, largest difference 0.0625.');
  expect(say({ ...tensor, data: [3, 2] })).toBe('✗ 1 of 2 elements exceed the tolerance.');
  expect(say({ ...tensor, shape: [1, 2] })).toBe('✗ Not as expected: y has shape [1,2]; expected [2].');
  expect(say({ ...tensor, datatype: 'FP64' })).toBe('✗ Not as expected: y is FP64; expected FP32.');
  expect(say(undefined)).toBe('✗ Not as expected: y is missing.');
});
