import type { ModelProfile, OnnxModel } from 'cdktf-model-serving';
import type { Signature } from '../../inference-image/src/contract/signature';
import { cpuTarget, startupBudget } from '../../lib/sizing/headroom';
import { roundDown, roundUp } from '../../lib/base/rounding';
import { describeSizing } from '../../lib/sizing/describe-sizing';
import { sizeReplica, type SizedModel, type Sizing, type SizingChoices } from '../../lib/sizing/sizing';
import { ladder, profileOf } from '../support/profiles';

const MIB = 1024 ** 2;

const independent: OnnxModel['batching'] = { verdict: 'independent', inputAxes: [0], outputAxes: [0] };

const tensors: Signature['inputs'] = [{ name: 'x', datatype: 'FP32', dimensions: ['batch', 64] }];
const model: SizedModel = {
  signature: { inputs: tensors, outputs: tensors },
  batching: independent,
  exampleSizes: { requestBytes: 0, answerBytes: 0 },
  sizeBytes: 100,
};

const size = (choices: SizingChoices = {}, changes: Partial<ModelProfile> = {}) =>
  sizeReplica(profileOf('', changes), model, choices);
const served = (loopSecondsPerRequest: number) => ({
  served: { ...profileOf('').served, loopSecondsPerRequest, cpuSecondsPerRequest: loopSecondsPerRequest + 0.001 },
});

test('nothing is set: one executor, and the CPUs that it keeps busy', () => {
  expect(size()).toEqual({
    threadsPerExecutor: 1,
    executors: 1,
    maxBatchSize: 16,
    maxQueueLength: 250,
    cpus: 1.2,
    busyCpus: expect.closeTo(1.2),
    memoryMiB: 272,
    requestsPerSecond: 1000,
  });
});

describe('sizes that are set take precedence, and the others are derived from them', () => {
  test.each<[SizingChoices, Partial<Sizing>]>([
    [
      { cpuRequest: 2, cpuLimit: 2 },
      { cpus: 2, executors: 2, requestsPerSecond: 1660, memoryMiB: 288 },
    ],
    [
      { cpuRequest: 8, cpuLimit: 8 },
      { cpus: 8, executors: 5, requestsPerSecond: 5000, busyCpus: 6 },
    ],
    [
      { cpuRequest: 0.6, cpuLimit: 0.6 },
      { cpus: 0.6, executors: 1, requestsPerSecond: 500, busyCpus: 0.6 },
    ],
    [{ cpuLimit: 4 }, { cpus: 4, executors: 4, requestsPerSecond: 3330 }],
    [{ cpuLimit: 16 }, { cpus: 6, executors: 5, requestsPerSecond: 5000 }],
    [
      { cpuRequest: 0.6, cpuLimit: 2.5 },
      { cpus: 0.6, executors: 2, requestsPerSecond: 500, busyCpus: 2.4 },
    ],
    [{ cpuRequest: 3 }, { cpus: 3, executors: 3, requestsPerSecond: 2500, busyCpus: 3.6 }],
    [{ executors: 2 }, { executors: 2, cpus: 2.4, requestsPerSecond: 2000, memoryMiB: 288 }],
    [{ executors: 9 }, { executors: 9, cpus: 6, requestsPerSecond: 5000, maxQueueLength: 1250 }],
    [{ threadsPerExecutor: 2 }, { threadsPerExecutor: 2, cpus: 2.4, requestsPerSecond: 1880 }],
    [{ threadsPerExecutor: 3 }, { threadsPerExecutor: 3, requestsPerSecond: 1880, cpus: 3.4 }],
    [
      { threadsPerExecutor: 2, cpuLimit: 5 },
      { executors: 2, cpus: 4.8, requestsPerSecond: 3760 },
    ],
    [{ maxBatchSize: 8 }, { maxBatchSize: 8, requestsPerSecond: 909 }],
    [{ maxBatchSize: 10 }, { maxBatchSize: 10, requestsPerSecond: 909 }],
    [{ maxBatchSize: 1 }, { maxBatchSize: 1, requestsPerSecond: 500, maxQueueLength: 125 }],
    [{ maxBatchSize: 1000 }, { maxBatchSize: 1000, requestsPerSecond: 1000, maxQueueLength: 2000 }],
    [{ maxQueueBytes: 1024 ** 3 }, { memoryMiB: 1520 }],
    [{ maxRequestBytes: 64 * MIB }, { memoryMiB: 560 }],
    [{ requestBudgetBytes: 128 * MIB }, { memoryMiB: 400 }],
    [
      { memoryMiB: 300, maxQueueLength: 7 },
      { memoryMiB: 300, maxQueueLength: 7 },
    ],
  ])('%j', (choices, expected) => {
    const numbers = Object.entries(expected).map(([name, value]) => [name, expect.closeTo(value as number)]);
    expect(size(choices)).toMatchObject(Object.fromEntries(numbers));
  });
});

describe('the rate', () => {
  const reached = (requestsPerSecond: number) => ({ served: { ...profileOf('').served, requestsPerSecond } });

  test('is lower by the factor by which the measured server fell short of its parts', () => {
    expect(size({}, reached(800))).toMatchObject({ requestsPerSecond: 800, maxQueueLength: 200 });
    expect(size({ executors: 2 }, reached(800))).toMatchObject({ requestsPerSecond: 1600 });
    expect(size({ executors: 9 }, reached(800))).toMatchObject({ requestsPerSecond: 4000 });
    expect(size({ maxBatchSize: 1 }, reached(800))).toMatchObject({ requestsPerSecond: 400 });
  });

  test('is not higher if the measured server was faster than the runs alone', () => {
    expect(size({}, reached(1200))).toMatchObject({ requestsPerSecond: 1000 });
  });
});

describe('S16 CPUs are never below those that the server used when it was measured', () => {
  /**
   * Profile of a text classifier whose batches were never full in the server. At its highest rate, it used 0.36 CPUs.
   */
  const classifier = {
    runs: ladder(1, { 1: 0.18, 2: 0.27, 4: 0.468, 8: 0.792, 16: 1.44, 32: 6.5 }),
    served: {
      ...profileOf('').served,
      cpuSecondsPerRequest: 0.0005475,
      loopSecondsPerRequest: 0.0001625,
      requestsPerSecond: 655.2,
    },
  };

  test('runs took longer in the server than in process', () => {
    expect(size({}, classifier)).toMatchObject({ maxBatchSize: 16, cpus: 1.5, requestsPerSecond: 655 });
    expect(size({ cpuLimit: 0.3, cpuRequest: 0.3 }, classifier).requestsPerSecond).toBe(547);
  });

  test('for all measurements and settings', () => {
    const figures = [0.00001, 0.0002, 0.003, 0.04];
    const choices: SizingChoices[] = [
      {},
      { executors: 3 },
      { threadsPerExecutor: 2 },
      { threadsPerExecutor: 4, maxBatchSize: 32 },
      { maxBatchSize: 1 },
      { maxBatchSize: 1000 },
      { cpuLimit: 0.3 },
      { cpuLimit: 7 },
      { cpuRequest: 0.5, cpuLimit: 3 },
    ];
    const machines = [{}, { threads: 2, maxBatchSize: 8 }, { clients: 3 }];
    for (const loopSecondsPerRequest of figures) {
      for (const more of figures) {
        for (const machine of machines) {
          for (const requestsPerSecond of [1, 50, 5000]) {
            const cpuSecondsPerRequest = loopSecondsPerRequest + more;
            const measured = { ...machine, loopSecondsPerRequest, cpuSecondsPerRequest, requestsPerSecond };
            const profile = { served: { ...profileOf('').served, ...measured } };
            for (const choice of choices) {
              const { cpus, requestsPerSecond: rate } = size(choice, profile);
              expect(cpus + 1e-9).toBeGreaterThanOrEqual(cpuSecondsPerRequest * rate);
            }
          }
        }
      }
    }
  });

  test('nor below the CPUs that are busy when no part of the server waits for another', () => {
    const { served } = profileOf('');
    expect(size({}, { served: { ...served, requestsPerSecond: 100 } })).toMatchObject({
      cpus: 1.2,
      busyCpus: expect.closeTo(0.12),
      requestsPerSecond: 100,
    });
  });

  test('with the threads and the batches of the measured server', () => {
    const runs = ladder(2, { 1: 80, 2: 140, 4: 260 });
    const two = { threads: 2, maxBatchSize: 4, cpuSecondsPerRequest: 0.15, loopSecondsPerRequest: 0.02 };
    const served = { ...profileOf('').served, ...two, requestsPerSecond: 12 };
    // A row keeps two threads busy for 65 ms, and the event loop for 20 ms. The server used no more CPU time than that.
    expect(size({}, { runs, served })).toMatchObject({ threadsPerExecutor: 2, cpus: 2.4, requestsPerSecond: 12 });
  });
});

describe('batches that the clients of the measurement could not fill', () => {
  const few = { served: { ...profileOf('').served, clients: 9 } };

  test('are not derived', () => {
    expect(size({}, few)).toMatchObject({ maxBatchSize: 4, requestsPerSecond: 800 });
  });

  test('are not assumed to fill if they are set', () => {
    expect(size({ maxBatchSize: 16 }, few)).toMatchObject({ maxBatchSize: 16, requestsPerSecond: 800 });
  });
});

describe('threads', () => {
  const runs = [...ladder(1, { 1: 120 }), ...ladder(2, { 1: 70 }), ...ladder(4, { 1: 40 }), ...ladder(8, { 1: 25 })];

  test('are the fewest with which a row runs within 50 ms, within the available CPUs', () => {
    expect(size({}, { runs }).threadsPerExecutor).toBe(4);
    expect(size({ cpuLimit: 3 }, { runs }).threadsPerExecutor).toBe(2);
    expect(size({ cpuLimit: 0.5 }, { runs }).threadsPerExecutor).toBe(1);
    expect(size({}, { runs: runs.slice(2) }).threadsPerExecutor).toBe(4);
  });

  test('are those of the fastest run if no run is that fast, whatever the order of runs', () => {
    const slow = [...ladder(4, { 1: 90 }), ...ladder(1, { 1: 120 }), ...ladder(2, { 1: 70 })];
    expect(size({}, { runs: slow }).threadsPerExecutor).toBe(2);
  });

  test('do not increase for a difference that is only noise', () => {
    const even = [...ladder(1, { 1: 104 }), ...ladder(2, { 1: 100 })];
    expect(size({}, { runs: even }).threadsPerExecutor).toBe(1);
    const gain = [...ladder(1, { 1: 106 }), ...ladder(2, { 1: 100 })];
    expect(size({}, { runs: gain }).threadsPerExecutor).toBe(2);
  });

  test('below the smallest measured number are assumed to be as fast as that number', () => {
    expect(size({ threadsPerExecutor: 1 }, { runs: ladder(2, { 1: 10 }) }).requestsPerSecond).toBe(100);
  });
});

describe('batches', () => {
  test('are not set if only single rows were measured', () => {
    expect(size({}, { runs: ladder(1, { 1: 2 }) })).toMatchObject({ maxBatchSize: undefined, requestsPerSecond: 500 });
  });

  test('are off if they gain nothing', () => {
    expect(size({}, { runs: ladder(1, { 1: 2, 2: 4, 4: 8 }) })).toMatchObject({ maxBatchSize: 1 });
  });

  test('are ignored if requests do not share runs', () => {
    const sizing = (batching: OnnxModel['batching'], choices?: SizingChoices) =>
      sizeReplica(profileOf(''), { ...model, batching }, choices);
    const alone = { maxBatchSize: undefined, requestsPerSecond: 500 };
    const coupled = { verdict: 'coupled', node: 'n', operator: 'Softmax', reason: 'normalizes over the rows' } as const;
    expect(sizing({ verdict: 'fixed', reason: 'input "x" has a fixed first dimension, 1' })).toMatchObject(alone);
    expect(sizing(coupled)).toMatchObject(alone);
    expect(sizing({ ...coupled, verdict: 'not understood' })).toMatchObject(alone);
    expect(sizing(coupled, { maxBatchSize: 8 })).toMatchObject({ maxBatchSize: 8, requestsPerSecond: 500 });
    expect(sizing(coupled, { rowIndependence: 'assume' })).toMatchObject({
      maxBatchSize: 16,
      requestsPerSecond: 1000,
    });
  });
});

test('an event loop that is slower than the model limits the rate', () => {
  expect(size({}, served(0.004))).toMatchObject({ requestsPerSecond: 250, cpus: 1.3, executors: 1 });
  expect(size({ cpuLimit: 8 }, served(0.004))).toMatchObject({ requestsPerSecond: 250, executors: 1 });
});

test('an event loop with no measurable time can feed any number of executors', () => {
  expect(size({ cpuLimit: 3 }, served(0))).toMatchObject({ requestsPerSecond: 3000, executors: 3, cpus: 3 });
});

test('a queue holds at least 16 and at most 4096 requests', () => {
  expect(size({}, { runs: ladder(1, { 1: 1000 }) }).maxQueueLength).toBe(16);
  expect(size({ cpuLimit: 64 }, { ...served(0.00001), runs: ladder(1, { 1: 0.5 }) }).maxQueueLength).toBe(4096);
});

test('a CPU target leaves room for the headroom, within 10 and 90', () => {
  expect(cpuTarget(size())).toBe(76);
  expect(cpuTarget(size(), 1)).toBe(50);
  expect(cpuTarget(size(), 0)).toBe(90);
  expect(cpuTarget(size(), 20)).toBe(10);
  expect(cpuTarget(size({ cpuRequest: 8, cpuLimit: 8 }))).toBe(57);
  expect(cpuTarget(size({ cpuRequest: 0.6, cpuLimit: 2.5 }))).toBe(76);
});

test('a start may take ten times the measured time, plus a second for each 20 MiB of weights', () => {
  expect(startupBudget(0.5, { sizeBytes: 100 })).toBe(30);
  expect(startupBudget(6, { sizeBytes: 1024 ** 3 })).toBe(112);
});

test('numbers are rounded without noise', () => {
  expect([roundUp(0.1 + 0.2, 0.1), roundUp(0.31, 0.1), roundUp(1.1 * 160 + 64, 16)]).toEqual([0.3, 0.4, 240]);
  expect([1299, 1000, 99.9, 7.77, 0.0123].map(roundDown)).toEqual([1290, 1000, 99.9, 7.77, 0.0123]);
});

test('the table of sizes', () => {
  expect(describeSizing(profileOf(''), model)).toEqual([
    ['profile', 'measured on 4 x AMD EPYC 9B14 on 2026-11-25'],
    ['replica', '1 executor of 1 thread, batches of up to 16 rows, 1.2 CPUs, 272 MiB'],
    ['rate', '1,000 requests/s'],
    ['queue', '250 requests'],
    ['start', 'within 30 s'],
    ['scaling', 'at 76 % CPU utilization'],
  ]);
  expect(describeSizing(profileOf('', { runs: ladder(2, { 1: 40_000, 2: 80_000 }) }), model).slice(1, 3)).toEqual([
    ['replica', '1 executor of 2 threads, requests one by one, 2.1 CPUs, 272 MiB'],
    ['rate', '0.025 requests/s'],
  ]);
});
