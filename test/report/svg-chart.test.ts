import { doublingAxis, linearAxis, logAxis } from '../../lib/report/svg-chart';

test.each([
  [93_020, [0, 20_000, 40_000, 60_000, 80_000, 100_000]],
  [100, [0, 20, 40, 60, 80, 100]],
  [0.7, [0, 0.2, 0.4, 0.6, 0.8]],
])('a linear axis up to %d', (most, ticks) => {
  const axis = linearAxis(most, 300, 100);
  expect(axis.ticks).toEqual(ticks.map((tick) => expect.closeTo(tick)));
  expect(axis.place(0)).toBe(300);
  expect(axis.place(ticks.at(-1)!)).toBeCloseTo(100);
});

test.each([
  [
    [0.00002, 0.0009],
    [0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001],
  ],
  [
    [3, 3],
    [2, 5],
  ],
  [
    [1, 1],
    [1, 2],
  ],
  [
    [0.0003, 40],
    [0.001, 0.01, 0.1, 1, 10],
  ],
])('a logarithmic axis of %j', (values, ticks) => {
  const axis = logAxis(values, 0, 10);
  expect(axis.ticks).toEqual(ticks);
  for (const value of values) {
    expect(axis.place(value)).toBeGreaterThanOrEqual(0);
    expect(axis.place(value)).toBeLessThanOrEqual(10);
  }
});

test('an axis of values that double', () => {
  const axis = doublingAxis([1, 2, 4], 0, 100);
  expect([1, 2, 4].map((value) => axis.place(value))).toEqual([0, 50, 100]);
  expect(doublingAxis([8], 0, 100).place(8)).toBe(50);
});
