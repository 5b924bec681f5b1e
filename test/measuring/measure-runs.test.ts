import { doublings, ladderEnds, measureRuns } from '../../lib/measuring/measure-runs';

/** Model that takes the given time per row, 2 s to load and 1 s for the first run, in simulated time. */
function simulated(secondsOfRow: number) {
  const takes = (seconds: number) => jest.advanceTimersByTime(1000 * seconds);
  return {
    call: async (_activity: string, name: string, ...values: unknown[]): Promise<any> => {
      if (name === 'load') {
        takes(2);
        return { seconds: 2, cpus: 1 };
      }
      if (name === 'warmUp') {
        takes(1);
        return { seconds: 1, dimensions: {} };
      }
      const [batchSize, , runs] = values as [number, number, number];
      takes(batchSize * secondsOfRow * runs);
      return Float64Array.from({ length: runs }, () => batchSize * secondsOfRow);
    },
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('each step reports the remaining time, estimated from the runs so far', async () => {
  const steps: [string, string, number][] = [];
  const plan = { path: 'm.onnx', hasExample: false, threads: [1], maxBatchSize: 4, seconds: 0.3 };
  await measureRuns(simulated(0.25), plan, (what, detail, left) => steps.push([what, detail, left]));
  // Each round loads the model and runs it once, in 3 s. Then it runs three batches of 0.25, 0.5 and 1 s twice each.
  const round = 3 + 0.5 + 1 + 2;
  const known = steps.filter(([what]) => what.startsWith('round 2') || what.startsWith('round 3'));
  expect(known.map(([, detail, left]) => [detail, Number(left.toFixed(6))])).toEqual([
    ['loading the model', 2 * round],
    ['batches of 1', 2 * round - 3],
    ['batches of 2', 2 * round - 3.5],
    ['batches of 4', 2 * round - 4.5],
    ['loading the model', round],
    ['batches of 1', round - 3],
    ['batches of 2', round - 3.5],
    ['batches of 4', round - 4.5],
  ]);
  // A batch that has not run yet is assumed to take as long as the previous one.
  const first = steps.filter(([what]) => what.startsWith('round 1')).map(([, , left]) => Number(left.toFixed(6)));
  expect(first.slice(1)).toEqual([2 * 3 + 3 * 0.3, 2 * (3 + 1.5) + 1, 2 * (3 + 2.5) + 1].map((x) => expect.closeTo(x)));
});

/** Ladder with the given rates, in rows per second, for batches of 1, 2, 4 … rows. */
function ladder(...rates: number[]) {
  return rates.map((rate, i) => ({ batchSize: 2 ** i, p50Seconds: 2 ** i / rate }));
}

test.each([
  [1, [1]],
  [2, [1, 2]],
  [3, [1, 2, 3]],
  [4, [1, 2, 4]],
  [100, [1, 2, 4, 8, 16, 32, 64, 100]],
])('doublings up to %d', (most, expected) => expect(doublings(most)).toEqual(expected));

test('a ladder continues while larger batches raise the rate', () => {
  expect(ladderEnds([])).toBe(false);
  expect(ladderEnds(ladder(100))).toBe(false);
  expect(ladderEnds(ladder(100, 104))).toBe(false);
  expect(ladderEnds(ladder(100, 104, 110))).toBe(false);
  expect(ladderEnds(ladder(100, 200, 204, 300))).toBe(false);
  expect(ladderEnds(ladder(100, 106, 112))).toBe(false);
});

test('a ladder ends after two steps that each gain less than 5 %', () => {
  expect(ladderEnds(ladder(100, 104, 109))).toBe(true);
  expect(ladderEnds(ladder(100, 200, 204, 210))).toBe(true);
  expect(ladderEnds(ladder(100, 80, 70))).toBe(true);
});

test('a ladder ends where a run takes more than 2 s', () => {
  expect(ladderEnds([{ batchSize: 1, p50Seconds: 2 }])).toBe(false);
  expect(ladderEnds([{ batchSize: 1, p50Seconds: 2.01 }])).toBe(true);
});
