import { loopTime } from '../../lib/profile/loop-time';

test('the thread of the loop, or all but the runs: what is more', () => {
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100, threadSeconds: 3 })).toBe(4);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 9, runs: 100, threadSeconds: 3 })).toBe(3);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100_000, threadSeconds: 9 })).toBe(9);
});

describe('where the system tells nothing of threads', () => {
  test('all but the runs, and never less than nothing', () => {
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 100 })).toBe(4);
    expect(loopTime({ cpuSeconds: 10, runSeconds: 12, runs: 100 })).toBe(0);
  });

  test('all, where runs may have been on the thread of the loop', () => {
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 59_000 })).toBe(4);
    expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runs: 61_000 })).toBe(10);
  });
});
