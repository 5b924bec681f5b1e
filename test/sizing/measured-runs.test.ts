import {
  bestRate,
  largestSaturatingBatchSize,
  loadClients,
  saturatingBatchSize,
  servableBatch,
  threadCounts,
} from '../../lib/sizing/measured-runs';

test.each([
  ['64 for small batches', 8, 10_000, 64],
  ['two full batches if batches are large', 128, 10_000, 256],
  ['at most 1,024', 65_536, 1e6, 1024],
  ['at most as many as are answered within 5 s', 128, 10, 50],
  ['one for the slowest model', 1, 0.1, 1],
])('%s', (_, maxBatchSize, rowsPerSecond, clients) => {
  expect(loadClients(maxBatchSize, rowsPerSecond)).toBe(clients);
});

function runs(threads: number, rates: Record<number, number>) {
  return Object.entries(rates).map(([size, rowsPerSecond]) => ({ threads, batchSize: Number(size), rowsPerSecond }));
}

test('the smallest batch with 95 % of the best rate', () => {
  expect(saturatingBatchSize(runs(1, { 1: 50, 2: 95, 4: 100 }), 1)).toBe(2);
  expect(saturatingBatchSize(runs(1, { 1: 50, 2: 94.9, 4: 100 }), 1)).toBe(4);
  expect(saturatingBatchSize(runs(1, { 1: 100, 2: 80, 4: 60 }), 1)).toBe(1);
  expect(saturatingBatchSize(runs(1, { 1: 7 }), 1)).toBe(1);
});

test('each number of threads separately, and the largest batch of all', () => {
  const all = [...runs(4, { 1: 10, 2: 20, 4: 40 }), ...runs(1, { 1: 100, 2: 101 })];
  expect(threadCounts(all)).toEqual([1, 4]);
  expect(saturatingBatchSize(all, 1)).toBe(1);
  expect(saturatingBatchSize(all, 4)).toBe(4);
  expect(largestSaturatingBatchSize(all)).toBe(4);
  expect(bestRate(all, 4)).toBe(40);
});

test('a batch that a load can form: two of them are answered within 5 s, with at most 1,024 clients', () => {
  expect(servableBatch(runs(1, { 1: 1000, 2: 2000, 4: 4000 }), 1).batchSize).toBe(4);
  // 64 rows take 4 s, so the clients would wait for 8 s.
  expect(servableBatch(runs(1, { 1: 4, 16: 8, 32: 12.8, 64: 16 }), 1).batchSize).toBe(32);
  expect(servableBatch(runs(1, { 1: 0.1, 2: 0.2 }), 1).batchSize).toBe(1);
  expect(servableBatch(runs(1, { 1: 1000, 512: 100_000, 1024: 200_000 }), 1).batchSize).toBe(512);
});
