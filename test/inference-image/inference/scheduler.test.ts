import { setTimeout as sleep } from 'node:timers/promises';
import type { Executor, Run, RunResult } from '../../../inference-image/src/inference/executor';
import type { InlineExecutor } from '../../../inference-image/src/inference/inline-executor';
import type { Caller } from '../../../inference-image/src/inference/job';
import { Scheduler, type CompletedRun } from '../../../inference-image/src/inference/scheduler';
import { rowsOf, schedulerOptions } from './scheduler-options';
import { ServingError } from '../../../inference-image/src/base/errors';

/** An executor that finishes its run when the test asks it to. */
class ManualExecutor implements Executor {
  readonly runs: string[] = [];
  private finishRun?: (result: RunResult | Promise<RunResult>) => void;

  run(run: Run): Promise<RunResult> {
    this.runs.push(String(run.outputs[0]));
    return new Promise((resolve) => (this.finishRun = resolve));
  }

  async finish(failure?: Error): Promise<void> {
    this.finishRun?.(failure ? Promise.reject(failure) : { outputs: [], runSeconds: 0.005 });
    await sleep(0);
  }
}

const run = (name: string): Run => ({ inputs: [rowsOf(1)], outputs: [name] });
const present = () => false;

function setUp({ maxQueueLength = 2, queueTimeoutSeconds = 10 } = {}) {
  const scheduler = new Scheduler(schedulerOptions({ maxQueueLength, queueTimeoutSeconds }));
  const executor = new ManualExecutor();
  scheduler.add(executor);
  const submit = async (name: string, isCancelled = present, waitsSince?: number) => {
    try {
      await scheduler.submit(run(name), { isCancelled, waitsSince });
      return 'done';
    } catch (error) {
      return error instanceof ServingError ? `${error.kind}: ${error.message}` : String(error);
    }
  };
  return { scheduler, executor, submit };
}

test('runs start in order of arrival', async () => {
  const { scheduler, executor, submit } = setUp();
  const replies = ['a', 'b', 'c'].map((name) => submit(name));
  expect([executor.runs, scheduler.queueLength, scheduler.runningCount]).toEqual([['a'], 2, 1]);
  for (let i = 0; i < 3; i++) await executor.finish();
  expect(executor.runs).toEqual(['a', 'b', 'c']);
  expect(await Promise.all(replies)).toEqual(['done', 'done', 'done']);
  expect([scheduler.queueLength, scheduler.runningCount]).toEqual([0, 0]);
});

test('S11 a full queue refuses at once', async () => {
  const { submit } = setUp();
  ['a', 'b', 'c'].forEach((name) => void submit(name));
  expect(await submit('d')).toBe('rejected: the queue is full: 2 requests are waiting');
});

test('a request that waits too long is dropped before it runs', async () => {
  const { executor, submit } = setUp({ queueTimeoutSeconds: 0.02 });
  const replies = [submit('a'), submit('b')];
  expect(await replies[1]).toBe('timeout: no executor was free within 0.02 s');
  await executor.finish();
  expect(executor.runs).toEqual(['a']);
  expect(await replies[0]).toBe('done');
});

test('time spent waiting for decoding counts', async () => {
  const { executor, submit } = setUp();
  const replies = [submit('a'), submit('b', present, performance.now() - 9_990), submit('c')];
  expect(await replies[1]).toBe('timeout: the request did not get its turn within 10 s');
  await executor.finish();
  expect(executor.runs).toEqual(['a', 'c']);
});

test('a request whose client has disconnected is dropped before it runs', async () => {
  const { executor, submit } = setUp();
  let gone = false;
  const replies = [submit('a'), submit('b', () => gone), submit('c')];
  gone = true;
  await executor.finish();
  expect(executor.runs).toEqual(['a', 'c']);
  expect(await replies[1]).toBe('cancelled: the client disconnected before its request ran');
});

test('requests of disconnected clients make room when the queue is full', async () => {
  const { scheduler, submit } = setUp();
  void submit('a');
  const gone = submit('b', () => true);
  void submit('c');
  void submit('d');
  expect(await gone).toMatch(/^cancelled/);
  expect(scheduler.queueLength).toBe(2);
});

test('an executor that fails a run gets the next one', async () => {
  const { executor, submit } = setUp();
  const replies = [submit('a'), submit('b')];
  await executor.finish(new Error('no'));
  await executor.finish();
  expect(await Promise.all(replies)).toEqual(['Error: no', 'done']);
});

test('an executor that has exited gets no more runs', async () => {
  const { scheduler, executor, submit } = setUp();
  void submit('a');
  void submit('b');
  scheduler.remove(executor);
  await executor.finish(new Error('ended'));
  expect([executor.runs, scheduler.executorCount]).toEqual([['a'], 0]);

  const another = new ManualExecutor();
  scheduler.add(another);
  expect(another.runs).toEqual(['b']);
});

test('onRun gets the waiting time and the run time', async () => {
  const { scheduler, executor, submit } = setUp();
  const seen: CompletedRun[] = [];
  scheduler.onRun = (completed) => seen.push(completed);
  void submit('a');
  void submit('b');
  await sleep(20);
  await executor.finish();
  await executor.finish();
  expect(seen.map(({ runSeconds }) => runSeconds)).toEqual([0.005, 0.005]);
  expect(seen[1]?.queueSeconds[0]).toBeGreaterThan(0.015);
});

test('finished resolves after waiting and running requests', async () => {
  const { scheduler, executor, submit } = setUp();
  await scheduler.finished();
  void submit('a');
  void submit('b');
  let finished = false;
  void scheduler.finished().then(() => (finished = true));
  await executor.finish();
  expect(finished).toBe(false);
  await executor.finish();
  expect(finished).toBe(true);
});

test('refuseQueued refuses waiting requests but not running ones', async () => {
  const { scheduler, executor, submit } = setUp();
  const replies = [submit('a'), submit('b')];
  scheduler.refuseQueued(new ServingError('unavailable', 'over'));
  await executor.finish();
  expect(await Promise.all(replies)).toEqual(['done', 'unavailable: over']);
});

test('runs accepted by the inline executor do not wait for executors', async () => {
  const { scheduler, executor, submit } = setUp();
  const inline = { accepts: (elements: number) => elements > 2, run: () => ({ outputs: [], runSeconds: 1e-5 }) };
  scheduler.inline = inline as unknown as InlineExecutor;
  void submit('large');
  const small = { ...run('small'), inputs: [rowsOf(2)] };
  expect(scheduler.submit(small, { isCancelled: present })).toEqual([]);
  expect(executor.runs).toEqual(['large']);
});

test.each<[string, Caller, string]>([
  ['deadline has passed', { isCancelled: present, deadline: 0 }, 'timeout'],
  ['client has disconnected', { isCancelled: () => true }, 'cancelled'],
])('the inline executor runs nothing whose %s', async (_, caller, kind) => {
  const { scheduler } = setUp();
  const run = jest.fn(() => ({ outputs: [], runSeconds: 1e-5 }));
  scheduler.inline = { accepts: () => true, run } as unknown as InlineExecutor;
  await expect(scheduler.submit({ inputs: [rowsOf(1)], outputs: ['y'] }, caller)).rejects.toMatchObject({ kind });
  expect(run).not.toHaveBeenCalled();
});
