import { median, quantile, rounded } from '../../lib/base/quantile';

test('quantiles of values in any order, which are not changed', () => {
  const values = [9, 1, 5, 3, 7];
  expect(median(values)).toBe(5);
  expect(quantile(values, 0.9)).toBe(9);
  expect(quantile(values, 0)).toBe(1);
  expect(quantile(values, 1)).toBe(9);
  expect(values).toEqual([9, 1, 5, 3, 7]);
});

test('quantiles of one value, and of no values', () => {
  expect(quantile(Float64Array.of(4), 0.99)).toBe(4);
  expect(median([])).toBeNaN();
});

test('rounds to four digits', () => {
  expect([123456, 0.00001234567, 2, 0].map(rounded)).toEqual([123500, 0.00001235, 2, 0]);
});
