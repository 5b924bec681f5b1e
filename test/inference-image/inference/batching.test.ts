import { setTimeout as sleep } from 'node:timers/promises';
import { invalid, messageOf } from '../../../inference-image/src/base/errors';
import type { Executor, Run, RunResult } from '../../../inference-image/src/inference/executor';
import { Scheduler, type CompletedRun, type SchedulerOptions } from '../../../inference-image/src/inference/scheduler';
import type { Tensor } from '../../../inference-image/src/tensor/tensor';
import { rowsOf, schedulerOptions, signatureOf } from './scheduler-options';

/** Executor for y = x. Its runs end when the test calls `finish`. */
class HeldExecutor implements Executor {
  readonly runs: Run[] = [];
  private readonly held: Array<() => void> = [];

  /** @param judge Function that throws if a run should fail */
  constructor(
    private readonly judge: (run: Run) => void = () => {},
    private readonly runSeconds = 0.5,
  ) {}

  async run(run: Run): Promise<RunResult> {
    this.runs.push(run);
    await new Promise<void>((resolve) => this.held.push(resolve));
    this.judge(run);
    const outputs = run.inputs.map((input) => ({ ...input, name: 'y' }));
    return { outputs, runSeconds: this.runSeconds, inputs: undefined };
  }

  async finish(): Promise<void> {
    this.held.shift()?.();
    await sleep(0);
  }

  /** Finishes runs until the scheduler is idle. */
  async finishAll(scheduler: Scheduler): Promise<void> {
    while (scheduler.busy) await this.finish();
  }

  get shapes(): number[][] {
    return this.runs.map(({ inputs }) => [...(inputs[0] as Tensor).shape]);
  }
}

interface SetUp extends Partial<SchedulerOptions> {
  readonly runSeconds?: number;
  readonly maxBatchSize?: number;
  readonly judge?: (run: Run) => void;
}

function setUp({ maxBatchSize = 8, judge, runSeconds, ...options }: SetUp = {}) {
  const scheduler = new Scheduler(schedulerOptions(options));
  scheduler.maxBatchSize = maxBatchSize;
  const executor = new HeldExecutor(judge, runSeconds);
  scheduler.add(executor);
  const submit = async (
    input: Tensor,
    { outputs = ['y'], isCancelled = (): boolean => false, deadline = Infinity } = {},
  ) => {
    try {
      const result = await scheduler.submit({ inputs: [input], outputs }, { isCancelled, deadline });
      return result.map(({ name, shape, data }) => ({ name, shape, data: Array.from(data as Float32Array) }));
    } catch (error) {
      return messageOf(error);
    }
  };
  return { scheduler, executor, submit };
}

const reply = ({ shape, data }: Tensor) => [{ name: 'y', shape, data: Array.from(data as Float32Array) }];

test('waiting requests run together when the executor is free, and each gets its own rows in order', async () => {
  const { executor, submit, scheduler } = setUp();
  const completed: CompletedRun[] = [];
  scheduler.onRun = (run) => completed.push(run);
  const inputs = [rowsOf(1), rowsOf(2, 10), rowsOf(1, 20), rowsOf(3, 30)];
  const replies = inputs.map((input) => submit(input));
  for (let i = 0; i < 2; i++) await executor.finish();
  expect(executor.shapes).toEqual([
    [1, 2],
    [6, 2],
  ]);
  expect(await Promise.all(replies)).toEqual(inputs.map(reply));
  expect(completed.map(({ rows, queueSeconds }) => [rows, queueSeconds.length])).toEqual([
    [1, 1],
    [6, 3],
  ]);
});

test('S9 the limit counts rows, not requests', async () => {
  const { executor, submit } = setUp({ maxBatchSize: 8 });
  const replies = Array.from({ length: 6 }, (_, i) => submit(rowsOf(3, 10 * i)));
  for (let i = 0; i < 4; i++) await executor.finish();
  expect(executor.shapes.map(([rows]) => rows)).toEqual([3, 6, 6, 3]);
  expect(await Promise.all(replies)).toEqual(Array.from({ length: 6 }, (_, i) => reply(rowsOf(3, 10 * i))));
});

test('S9 a larger request runs whole and alone by default', async () => {
  const { executor, submit } = setUp({ maxBatchSize: 8 });
  const replies = [submit(rowsOf(1)), submit(rowsOf(20)), submit(rowsOf(1, 5))];
  for (let i = 0; i < 3; i++) await executor.finish();
  expect(executor.shapes.map(([rows]) => rows)).toEqual([1, 20, 1]);
  expect(await replies[1]).toEqual(reply(rowsOf(20)));
});

test('S9 a larger request is split if a limit is set, and others run in between', async () => {
  const { scheduler, executor, submit } = setUp({ maxBatchSize: 8 });
  scheduler.splitsLarger = true;
  const large = submit(rowsOf(28));
  const small = submit(rowsOf(5, 100));
  for (let i = 0; i < 5; i++) await executor.finish();
  expect(executor.shapes.map(([rows]) => rows)).toEqual([8, 8, 5, 8, 4]);
  expect(await large).toEqual(reply(rowsOf(28)));
  expect(await small).toEqual(reply(rowsOf(5, 100)));
});

test('requests with large rows share a run up to 16 MiB of inputs, for any row limit', async () => {
  const { executor, submit, scheduler } = setUp({ signature: signatureOf(['n', 'm']), maxQueueBytes: Infinity });
  const mebibytes = (count: number): Tensor => {
    const data = new Float32Array(count * 2 ** 18);
    return { name: 'x', datatype: 'FP32', shape: [1, data.length], data };
  };
  const replies = [6, 6, 6, 6, 20].map((count) => submit(mebibytes(count)));
  await executor.finishAll(scheduler);
  expect(executor.shapes.map(([rows]) => rows)).toEqual([1, 2, 1, 1]);
  expect((await Promise.all(replies)).map((outputs) => typeof outputs)).toEqual(new Array(5).fill('object'));
});

test('a request whose run would take much memory is split, even without a limit', async () => {
  const { executor, submit } = setUp({ maxBatchSize: 8 });
  const large = submit(rowsOf(600));
  for (let i = 0; i < 3; i++) await executor.finish();
  expect(executor.shapes.map(([rows]) => rows)).toEqual([256, 256, 88]);
  expect(await large).toEqual(reply(rowsOf(600)));
});

test.each([false, true])('any number of rows without elements run together (splitsLarger: %s)', async (splits) => {
  const { scheduler, executor, submit } = setUp({ maxBatchSize: 8 });
  scheduler.splitsLarger = splits;
  const rows: Tensor = { ...rowsOf(1), shape: [2 ** 31 - 1, 0], data: new Float32Array(0) };
  const answer = submit(rows);
  await executor.finish();
  expect(executor.shapes).toEqual([rows.shape]);
  expect(await answer).toEqual(reply(rows));
});

test('requests are split one at a time, and small ones need not wait for all of them', async () => {
  const { scheduler, executor, submit } = setUp({ maxBatchSize: 8, maxQueueRows: 2000 });
  const large = [submit(rowsOf(600)), submit(rowsOf(700, 5)), submit(rowsOf(800, 9))];
  const small = submit(rowsOf(3, 100));
  expect(scheduler.queueLength).toBeLessThanOrEqual(5);
  for (let i = 0; i < 3; i++) await executor.finish();
  expect(await small).toEqual(reply(rowsOf(3, 100)));
  for (let i = 0; i < 9; i++) await executor.finish();
  expect(await Promise.all(large)).toEqual([reply(rowsOf(600)), reply(rowsOf(700, 5)), reply(rowsOf(800, 9))]);
  expect(scheduler.busy).toBe(false);
});

describe('requests that wait to be split', () => {
  const held = (options: SetUp = {}) => {
    const made = setUp({ maxBatchSize: 8, ...options });
    made.scheduler.splitsLarger = true;
    return made;
  };

  test('count toward the queue limits', async () => {
    const { scheduler, executor, submit } = held({ maxQueueLength: 5 });
    const ended: unknown[] = [];
    const all = Array.from({ length: 50 }, (_, i) => submit(rowsOf(16, i)).then((reply) => ended.push(reply)));
    await sleep(10);
    expect(scheduler.queueLength).toBe(5);
    expect(ended).toEqual(new Array(44).fill('the queue is full: 5 requests are waiting'));
    expect(() => scheduler.assertRoom()).toThrow('the queue is full: 5 requests are waiting');
    await executor.finishAll(scheduler);
    await Promise.all(all);
    expect(ended.slice(44)).toEqual([0, 1, 2, 3, 4, 5].map((i) => reply(rowsOf(16, i))));
    expect(scheduler.busy).toBe(false);
  });

  test('leave after the queue timeout, at their deadline, or when their clients disconnect', async () => {
    const { scheduler, executor, submit } = held({ queueTimeoutSeconds: 0.15 });
    const first = submit(rowsOf(16));
    let isGone = false;
    const others = [
      submit(rowsOf(16)),
      submit(rowsOf(16), { deadline: performance.now() + 50 }),
      submit(rowsOf(16), { isCancelled: () => isGone }),
    ];
    isGone = true;
    expect(await Promise.all(others)).toEqual([
      'no executor was free within 0.15 s',
      "the request's own timeout passed before it could run",
      'the client disconnected before its request ran',
    ]);
    await executor.finishAll(scheduler);
    expect(await first).toEqual(reply(rowsOf(16)));
  });

  test('are refused with all waiting requests', async () => {
    const { scheduler, executor, submit } = held();
    const requests = [submit(rowsOf(16)), submit(rowsOf(16)), submit(rowsOf(16))];
    scheduler.refuseQueued(invalid('no more'));
    await executor.finishAll(scheduler);
    expect(await Promise.all(requests)).toEqual([reply(rowsOf(16)), 'no more', 'no more']);
  });

  test('run as a whole if sharing ends before their turn', async () => {
    const { scheduler, executor, submit } = held();
    const requests = [submit(rowsOf(16)), submit(rowsOf(24, 5))];
    scheduler.stopSharing('of this test');
    await executor.finishAll(scheduler);
    expect(await Promise.all(requests)).toEqual([reply(rowsOf(16)), reply(rowsOf(24, 5))]);
    // The first request had already been split; no part of the second one runs.
    expect(executor.shapes.map(([rows]) => rows)).toEqual([8, 8, 16, 24]);
  });
});

test('a larger request fails as a whole, and its other parts do not run', async () => {
  const judge = ({ inputs: [x] }: Run) => {
    if ((x as Tensor).data[0] === 16) throw invalid('row 8 is wrong');
  };
  const { scheduler, executor, submit } = setUp({ maxBatchSize: 8, judge });
  scheduler.splitsLarger = true;
  const large = submit(rowsOf(80));
  for (let i = 0; i < 4; i++) await executor.finish();
  expect(await large).toBe('row 8 is wrong');
  expect(executor.runs.length).toBeLessThan(5);
  await scheduler.finished();
});

test('a batch that fails is run again, each request alone', async () => {
  const judge = ({ inputs: [x] }: Run) => {
    if ((x as Tensor).data.includes(20 as never)) throw invalid('20 is wrong');
  };
  const { executor, submit } = setUp({ judge });
  const replies = [0, 5, 10, 15].map((start) => submit(rowsOf(2, start)));
  for (let i = 0; i < 5; i++) await executor.finish();
  expect(executor.shapes.map(([rows]) => rows)).toEqual([2, 6, 2, 2, 2]);
  expect(await Promise.all(replies)).toEqual([
    reply(rowsOf(2)),
    reply(rowsOf(2, 5)),
    '20 is wrong',
    reply(rowsOf(2, 15)),
  ]);
});

test('requests of a batch survive the exit of their executor', async () => {
  const { scheduler, executor, submit } = setUp({
    judge: ({ inputs: [x] }) => {
      if ((x as Tensor).shape[0] === 2) {
        scheduler.remove(executor);
        throw new Error('the executor exited unexpectedly');
      }
    },
  });
  const replies = [0, 5, 10].map((start) => submit(rowsOf(1, start)));
  for (let i = 0; i < 2; i++) await executor.finish();
  const another = new HeldExecutor();
  scheduler.add(another);
  for (let i = 0; i < 2; i++) await another.finish();
  expect(await Promise.all(replies)).toEqual([0, 5, 10].map((start) => reply(rowsOf(1, start))));
});

test('a busy executor gets a batch in advance only if it is full', async () => {
  const { executor, submit } = setUp({ maxBatchSize: 4 });
  const replies = [submit(rowsOf(1))];
  for (let i = 0; i < 3; i++) replies.push(submit(rowsOf(1, i)));
  expect(executor.shapes.map(([rows]) => rows)).toEqual([1]);
  for (let i = 0; i < 6; i++) replies.push(submit(rowsOf(1, i)));
  expect(executor.shapes.map(([rows]) => rows)).toEqual([1, 4]);
  for (let i = 0; i < 4; i++) await executor.finish();
  expect(executor.shapes.map(([rows]) => rows)).toEqual([1, 4, 4, 1]);
  expect((await Promise.all(replies)).every((outputs) => Array.isArray(outputs))).toBe(true);
});

test.each([
  [0.004, 2],
  [0.006, 1],
])('if requests do not share runs and a run takes %d s, a busy executor has %d', async (runSeconds, most) => {
  const { executor, submit } = setUp({ maxBatchSize: 1, runSeconds });
  const replies = Array.from({ length: 5 }, (_, i) => submit(rowsOf(1, i)));
  // The run time is known only once the first run is complete.
  expect(executor.runs).toHaveLength(1);
  for (let finished = 1; finished <= 5; finished++) {
    await executor.finish();
    expect(executor.runs).toHaveLength(Math.min(5, finished + most));
  }
  expect(await Promise.all(replies)).toEqual(Array.from({ length: 5 }, (_, i) => reply(rowsOf(1, i))));
});

test('requests with different trailing shapes or outputs never share a run, and others pass them', async () => {
  const dimensions = ['n', 'length'];
  const signature = {
    inputs: [{ name: 'x', datatype: 'FP32' as const, dimensions }],
    outputs: ['y', 'z'].map((name) => ({ name, datatype: 'FP32' as const, dimensions })),
  };
  const { executor, submit } = setUp({ signature, axes: { inputAxes: [0], outputAxes: [0, 0] } });
  const wide: Tensor = { name: 'x', datatype: 'FP32', shape: [1, 4], data: new Float32Array(4) };
  const replies = [
    submit(rowsOf(1)),
    submit(rowsOf(1)),
    submit(wide),
    submit(rowsOf(1), { outputs: ['z'] }),
    submit(rowsOf(1, 5)),
    submit(wide),
  ];
  for (let i = 0; i < 4; i++) await executor.finish();
  expect(executor.runs.map(({ inputs, outputs }) => `${outputs} ${inputs[0]?.shape}`)).toEqual([
    'y 1,2',
    'y 2,2',
    'y 2,4',
    'z 1,2',
  ]);
  expect(await replies[4]).toEqual(reply(rowsOf(1, 5)));
});

test.each<[string, Partial<SchedulerOptions>, number]>([
  ['an axis that counts rows', {}, 7],
  ['no row axis, but a free first dimension', { axes: undefined }, 7],
  ['a fixed first dimension', { axes: undefined, signature: signatureOf([7, 2]) }, 1],
])('counts rows of unshared runs: %s', async (_, options, rows) => {
  const { scheduler, executor, submit } = setUp({ maxBatchSize: 1, ...options });
  const completed: CompletedRun[] = [];
  scheduler.onRun = (run) => completed.push(run);
  const answer = submit(rowsOf(7));
  await executor.finish();
  expect(await answer).toEqual(reply(rowsOf(7)));
  expect(completed.map((run) => run.rows)).toEqual([rows]);
});

test('inputs are matched by name, in any order', async () => {
  const input = (name: string, ...data: number[]): Tensor => {
    return { name, datatype: 'FP32', shape: [1, 2], data: Float32Array.from(data) };
  };
  const inputs = ['a', 'b'].map((name) => ({ name, datatype: 'FP32' as const, dimensions: ['n', 2] }));
  const { outputs } = schedulerOptions().signature;
  const { scheduler, executor } = setUp({
    signature: { inputs, outputs },
    axes: { inputAxes: [0, 0], outputAxes: [0] },
  });
  const caller = { isCancelled: () => false };
  void scheduler.submit({ inputs: [input('a', 0, 0), input('b', 0, 0)], outputs: ['y'] }, caller);
  void scheduler.submit({ inputs: [input('a', 1, 2), input('b', 3, 4)], outputs: ['y'] }, caller);
  void scheduler.submit({ inputs: [input('b', 7, 8), input('a', 5, 6)], outputs: ['y'] }, caller);
  await executor.finish();
  expect(executor.runs[1]?.inputs).toMatchObject([
    { name: 'a', shape: [2, 2], data: Float32Array.of(1, 2, 5, 6) },
    { name: 'b', shape: [2, 2], data: Float32Array.of(3, 4, 7, 8) },
  ]);
});

test('M19 a request without rows shares no run', async () => {
  const { executor, submit } = setUp();
  const replies = [rowsOf(1), rowsOf(0), rowsOf(1), rowsOf(0)].map((input) => submit(input));
  for (let i = 0; i < 4; i++) await executor.finish();
  expect(executor.shapes.map(([rows]) => rows)).toEqual([1, 0, 1, 0]);
  expect(await replies[3]).toEqual(reply(rowsOf(0)));
});

describe('a model that returns a wrong number of rows is no longer batched', () => {
  /** Creates a scheduler whose executor omits the last row of the output if a run has the given number of rows. */
  function setUpLosing(rows: number) {
    const made = setUp({ maxBatchSize: 8 });
    const { scheduler, executor } = made;
    const run = executor.run.bind(executor);
    executor.run = async (batch) => {
      const result = await run(batch);
      const isIt = batch.inputs[0]?.shape[0] === rows;
      return isIt ? { ...result, outputs: [{ ...rowsOf(rows - 1), name: 'y' }] } : result;
    };
    const reasons: string[] = [];
    scheduler.onBatchingOff = (reason) => reasons.push(reason);
    return { ...made, state: () => [scheduler.maxBatchSize, reasons] };
  }

  test('after a shared run, whose requests run again alone', async () => {
    const { submit, executor, state } = setUpLosing(2);
    const replies = [0, 5, 10].map((start) => submit(rowsOf(1, start)));
    for (let i = 0; i < 4; i++) await executor.finish();
    expect(await Promise.all(replies)).toEqual([0, 5, 10].map((start) => reply(rowsOf(1, start))));
    expect(state()).toEqual([1, ['for 2 rows, output "y" has shape [1,2]']]);
  });

  test('after the last run before shutdown, which waits for its requests to run again', async () => {
    const { scheduler, submit, executor } = setUpLosing(2);
    const replies = [0, 5, 10].map((start) => submit(rowsOf(1, start)));
    let hasFinished = false;
    void scheduler.finished().then(() => (hasFinished = true));
    for (let i = 0; i < 4; i++) {
      expect(hasFinished).toBe(false);
      await executor.finish();
    }
    expect(hasFinished).toBe(true);
    await Promise.all(replies);
  });

  test('after a single run, which is answered', async () => {
    const { submit, executor, state } = setUpLosing(2);
    const alone = submit(rowsOf(2));
    const replies = [0, 5, 10].map((start) => submit(rowsOf(1, start)));
    for (let i = 0; i < 5; i++) await executor.finish();
    expect(await alone).toEqual(reply(rowsOf(1)));
    // The three requests were already in a shared run when the fault was found.
    expect(executor.shapes.map(([rows]) => rows)).toEqual([2, 3, 1, 1, 1]);
    expect(await Promise.all(replies)).toEqual([0, 5, 10].map((start) => reply(rowsOf(1, start))));
    expect(state()).toEqual([1, ['for 2 rows, output "y" has shape [1,2]']]);
  });

  test('after a part of a larger request, which then runs as a whole', async () => {
    const { scheduler, submit, executor, state } = setUpLosing(3);
    scheduler.splitsLarger = true;
    const large = submit(rowsOf(19));
    for (let i = 0; i < 5; i++) await executor.finish();
    expect(executor.shapes.map(([rows]) => rows)).toEqual([8, 8, 3, 19]);
    expect(await large).toEqual(reply(rowsOf(19)));
    expect(state()).toEqual([1, ['for 3 rows, output "y" has shape [2,2]']]);
    expect(scheduler.busy).toBe(false);
  });

  test('and requests that share another run at that time run again alone', async () => {
    const { scheduler, submit, executor, state } = setUpLosing(2);
    const replies = [submit(rowsOf(2)), ...Array.from({ length: 8 }, (_, i) => submit(rowsOf(1, i)))];
    // The executor has two runs: the one with two rows, and a full batch of the other requests.
    expect(executor.shapes.map(([rows]) => rows)).toEqual([2, 8]);
    for (let i = 0; i < 10; i++) await executor.finish();
    expect(executor.shapes.map(([rows]) => rows)).toEqual([2, 8, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect((await Promise.all(replies)).slice(1)).toEqual(Array.from({ length: 8 }, (_, i) => reply(rowsOf(1, i))));
    expect([state()[0], scheduler.busy]).toEqual([1, false]);
  });
});

describe('a delay', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('makes the first request wait for others, and starts at its arrival', async () => {
    const { executor, submit } = setUp({ maxBatchDelaySeconds: 0.1 });
    void submit(rowsOf(1));
    await jest.advanceTimersByTimeAsync(60);
    void submit(rowsOf(1, 5));
    // The second request must not extend the delay.
    await jest.advanceTimersByTimeAsync(39);
    expect(executor.runs).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(executor.shapes).toEqual([[2, 2]]);
  });

  test('ends with a full batch', async () => {
    const { executor, submit } = setUp({ maxBatchDelaySeconds: 60, maxBatchSize: 4 });
    for (let i = 0; i < 4; i++) void submit(rowsOf(1, i));
    expect(executor.shapes).toEqual([[4, 2]]);
  });

  test('ends once requests no longer share runs', async () => {
    const { scheduler, executor, submit } = setUp({ maxBatchDelaySeconds: 60 });
    void submit(rowsOf(1));
    scheduler.stopSharing('of this test');
    expect(executor.shapes).toEqual([[1, 2]]);
  });

  test('does not apply to requests that run alone after a failed shared run', async () => {
    const judge = ({ inputs }: Run) => {
      if ((inputs[0] as Tensor).shape[0] === 4) throw invalid('no');
    };
    const { executor, submit } = setUp({ maxBatchDelaySeconds: 60, maxBatchSize: 4, judge });
    void submit(rowsOf(3));
    void submit(rowsOf(1, 5));
    for (let i = 0; i < 3; i++) await executor.finish();
    expect(executor.shapes).toEqual([
      [4, 2],
      [3, 2],
      [1, 2],
    ]);
  });
});

describe('admission', () => {
  test.each<[string, Partial<SchedulerOptions>, string]>([
    ['requests', { maxQueueLength: 3 }, 'the queue is full: 3 requests are waiting'],
    ['rows', { maxQueueRows: 6 }, 'the queue is full: 6 rows are waiting, and the limit is 6'],
    ['bytes', { maxQueueBytes: 48 }, 'the queue is full: 48 bytes of input are waiting, and the limit is 48 bytes'],
  ])('the queue is limited by %s', async (_, limits, refusal) => {
    const { scheduler, executor, submit } = setUp(limits);
    const replies = [0, 1, 2, 3].map((i) => submit(rowsOf(2, i)));
    expect(await submit(rowsOf(2, 4))).toBe(refusal);
    await executor.finish();
    await executor.finish();
    expect(await Promise.all(replies)).toEqual([0, 1, 2, 3].map((i) => reply(rowsOf(2, i))));
    expect(scheduler.busy).toBe(false);
  });

  test('accepts a request beyond its limits if none waits', async () => {
    const { executor, submit } = setUp({ maxQueueRows: 1, maxQueueBytes: 1 });
    void submit(rowsOf(1));
    const large = submit(rowsOf(7));
    await executor.finish();
    await executor.finish();
    expect(await large).toEqual(reply(rowsOf(7)));
  });
});

test('abandoned work is dropped before it runs', async () => {
  const { executor, submit } = setUp();
  const first = submit(rowsOf(1));
  const gone = submit(rowsOf(1, 1), { isCancelled: () => true });
  const late = submit(rowsOf(1, 2), { deadline: performance.now() });
  const good = submit(rowsOf(1, 3));
  await executor.finish();
  await executor.finish();
  expect(executor.shapes).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(await Promise.all([first, gone, late, good])).toEqual([
    reply(rowsOf(1)),
    'the client disconnected before its request ran',
    "the request's own timeout passed before it could run",
    reply(rowsOf(1, 3)),
  ]);
});

test('an expired request is answered while the executor is busy', async () => {
  const { submit } = setUp();
  void submit(rowsOf(1));
  const deadline = performance.now() + 20;
  expect(await submit(rowsOf(1), { deadline })).toBe("the request's own timeout passed before it could run");
});
