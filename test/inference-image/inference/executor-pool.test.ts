import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExecutorPool } from '../../../inference-image/src/inference/executor-pool';
import { Scheduler } from '../../../inference-image/src/inference/scheduler';
import { schedulerOptions } from './scheduler-options';
import { WorkerExecutor } from '../../../inference-image/src/inference/worker-executor';

const folder = mkdtempSync(join(tmpdir(), 'executors-'));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Script of an executor thread that has no model. The name of a run's first output determines whether it throws, exits
 * or answers.
 */
const script = join(folder, 'executor.js');
writeFileSync(
  script,
  `const { parentPort } = require('node:worker_threads');
   parentPort.on('message', ({ type, outputs: [what] = [] }) => {
     if (type === 'close') return parentPort.close();
     if (type === 'load') return parentPort.postMessage({ type: 'loaded', result: {} });
     if (what === 'end') return process.exit(3);
     if (what === 'crash') throw new Error('crashed');
     if (what === 'fail') return parentPort.postMessage({ type: 'failed', kind: 'error', message: 'failed' });
     parentPort.postMessage({ type: 'done', result: { outputs: [], runSeconds: 0 } });
     if (what === 'last') process.exit(0);
   });`,
);

async function setUp(size = 1) {
  const scheduler = new Scheduler(schedulerOptions());
  const failures: string[] = [];
  const pool = new ExecutorPool({
    size,
    start: () => new WorkerExecutor(script),
    prepare: async (executor) => void (await executor.load({ modelPath: '', threads: 1 })),
    scheduler,
    onFailure: (message) => failures.push(message),
  });
  await pool.started;
  const submit = (what: string) => scheduler.submit({ inputs: [], outputs: [what] }, { isCancelled: () => false });
  return { scheduler, pool, failures, submit };
}

test('starts the configured number of executors', async () => {
  const { scheduler, pool } = await setUp(3);
  expect(scheduler.executorCount).toBe(3);
  await pool.close();
});

test('an executor that throws in a run answers it and keeps running', async () => {
  const { pool, failures, submit } = await setUp();
  await expect(submit('fail')).rejects.toThrow('failed');
  await expect(submit('work')).resolves.toEqual([]);
  expect(failures).toEqual([]);
  await pool.close();
});

test.each([
  ['end', 'the executor exited unexpectedly'],
  ['crash', 'crashed'],
])('an executor that exits during a run (%s) fails that run and is replaced', async (what, message) => {
  const { pool, failures, submit } = await setUp();
  await expect(submit(what)).rejects.toThrow(message);
  await expect(submit('work')).resolves.toEqual([]);
  expect(failures).toEqual(['an executor exited; starting a new one']);
  await pool.close();
});

test('replaces an executor that exits between runs', async () => {
  const { scheduler, pool, submit } = await setUp();
  await submit('last');
  for (let i = 0; scheduler.executorCount > 0 && i < 100; i++) await sleep(10);
  await expect(submit('work')).resolves.toEqual([]);
  await pool.close();
});

test.each([
  [
    'cannot load the model',
    `parentPort.on('message', ({ type }) => type === 'close' ? parentPort.close() : parentPort.postMessage({ type: 'failed', kind: 'error', message: 'no model' }));`,
    'no model',
  ],
  ['exits immediately', '', 'the executor exited unexpectedly'],
])('an executor that %s fails the start', async (_, code, message) => {
  const bad = join(folder, 'bad.js');
  writeFileSync(bad, `const { parentPort } = require('node:worker_threads'); ${code}`);
  const pool = new ExecutorPool({
    size: 2,
    start: () => new WorkerExecutor(bad),
    prepare: async (executor) => void (await executor.load({ modelPath: '', threads: 1 })),
    scheduler: new Scheduler(schedulerOptions()),
    onFailure: () => undefined,
  });
  await expect(pool.started).rejects.toThrow(message);
  await pool.close();
});
