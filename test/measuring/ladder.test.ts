import { doublings, ladderEnds } from '../../lib/measuring/measure-runs';

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
