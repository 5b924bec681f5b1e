import type { Tensor } from '../../../inference-image/src/tensor/tensor';
import { roundingTolerance } from '../../../inference-image/src/tools/rounding';

function output(datatype: 'FP32' | 'FP64', ...values: number[]): Tensor {
  const data = datatype === 'FP32' ? Float32Array.from(values) : Float64Array.from(values);
  return { name: 'y', datatype, shape: [values.length], data };
}

test.each([
  ['ten times the measured effect of rounding, to one digit', [1, 100], [1.035, 100], 0.4],
  ['not less than the possible effect of rounding', [1, 100], [1, 100], 2e-4],
  ['at most a tenth of its largest magnitude', [1, -100], [100, -100], 10],
  ['0 for zeros', [0, 0], [0, 0], 0],
])('the tolerance of an output is %s', (_, expected, other, tolerance) => {
  expect(roundingTolerance(output('FP32', ...expected), [output('FP32', ...other)])).toBe(tolerance);
});

test.each([5e-324, 2.5e-318, 1e-310, 1e-300, 1.7e308])('the tolerance for %d is proportional to it', (value) => {
  const tolerance = roundingTolerance(output('FP64', value), [output('FP64', value)])!;
  expect(tolerance).toBeGreaterThanOrEqual(2e-6 * value);
  expect(tolerance).toBeLessThanOrEqual(0.1 * value);
});

test('outputs that rounding does not affect have no tolerance', () => {
  const label: Tensor = { name: 'y', datatype: 'INT32', shape: [1], data: Int32Array.of(1) };
  expect(roundingTolerance(label, [label])).toBeUndefined();
});
