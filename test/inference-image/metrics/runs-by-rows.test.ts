import { RunsByRows } from '../../../inference-image/src/metrics/metrics';

test('many numbers of rows share few entries', () => {
  const runs = new RunsByRows();
  for (const rows of [0, 1024, 1025, 2047, 2048, 3_000_000]) runs.observe(rows, 1);
  expect([...runs].map(([rows, { count }]) => [rows, count])).toEqual([
    [0, 1],
    [1024, 3],
    [2048, 1],
    [2_097_152, 1],
  ]);
  for (let rows = 0; rows < 100_000; rows++) runs.observe(rows, 1);
  expect([...runs]).toHaveLength(1024 + 8);
});
