import { loopTime } from '../../lib/measuring/measured-server';

test("the time of the loop's thread, or all CPU time minus runs, whichever is more", () => {
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100, threadSeconds: 3 })).toBe(4);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 9, runs: 100, threadSeconds: 3 })).toBe(3);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100_000, threadSeconds: 9 })).toBe(9);
});

describe('if the system does not report CPU times of threads', () => {
  test('all CPU time minus runs, and at least 0', () => {
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100 })).toBe(4);
    expect(loopTime({ cpuSeconds: 10, runSeconds: 12, runs: 100 })).toBe(0);
  });

  test("all CPU time, if runs may have been on the loop's thread", () => {
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 59_000 })).toBe(4);
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 61_000 })).toBe(10);
  });
});
