import { MemoryFullError, ServingError } from '../../../inference-image/src/base/errors';
import { Metrics, RunsByRows } from '../../../inference-image/src/metrics/metrics';

const idle = { queueLength: 0, runningCount: 0, executorCount: 1 };
const memory = { heldBytes: 5, totalBytes: 100 };

test('a shared run counts once as a run, and once for each of its requests', () => {
  const metrics = new Metrics({ name: 'm', version: '1' }, idle, memory);
  metrics.observeRun({ rows: 8, queueSeconds: [0.1, 0.2, 0.3], runSeconds: 0.5 });
  metrics.observeRun({ rows: 8, queueSeconds: [0], runSeconds: 0.25 });
  metrics.observeRun({ rows: 1, queueSeconds: [0], runSeconds: 0.125 });
  const { rows, queue, runs, requestRuns, runsByRows } = metrics.totals;
  expect(rows).toBe(17);
  expect([queue.count, queue.sum]).toEqual([5, expect.closeTo(0.6)]);
  expect([runs.count, runs.sum]).toEqual([3, 0.875]);
  expect(requestRuns).toEqual({ count: 5, sum: 1.875 });
  expect([...runsByRows]).toEqual([
    [8, { count: 2, sum: 0.75 }],
    [1, { count: 1, sum: 0.125 }],
  ]);
});

test('every outcome except success counts as a failure', () => {
  const metrics = new Metrics({ name: 'm', version: '1' }, idle, memory);
  metrics.observeRequest('success', 1);
  for (const outcome of ['invalid', 'rejected', 'unavailable', 'timeout', 'cancelled', 'error'] as const) {
    metrics.observeRequest(outcome, 0.5);
  }
  const { success, fail } = metrics.totals;
  expect([success.count, success.sum, fail]).toEqual([1, 1, { count: 6, sum: 3 }]);
});

test('refusals and drops are counted by their reasons', () => {
  const metrics = new Metrics({ name: 'm', version: '1' }, idle, memory);
  metrics.observeError(new MemoryFullError('full'), 1);
  metrics.observeError(new ServingError('rejected', 'the queue is full'), 1);
  metrics.observeError(new ServingError('tooLarge', 'too large'), 1);
  metrics.observeError(new ServingError('unfinished', 'late'), 1);
  metrics.observeError(new ServingError('invalid', 'wrong'), 1);
  expect(metrics.refusals).toEqual({ budget: 1, queue: 1, too_large: 1, connections: 0, origin: 0 });
  expect(metrics.drops).toEqual({ unfinished: 1, unread: 0, pipelined: 0, idle: 0 });
  expect(metrics.totals.fail.count).toBe(5);
});

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
