import { loopTime } from '../../lib/profile/measure-service';

test('without the runs, or the thread of the loop: what is more', () => {
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, threadSeconds: 3, runsInline: false })).toBe(4);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 9, threadSeconds: 3, runsInline: false })).toBe(3);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runsInline: false })).toBe(4);
});

test('never less than nothing, where runs waited for a CPU', () => {
  expect(loopTime({ cpuSeconds: 10, runSeconds: 12, runsInline: false })).toBe(0);
});

test('with the runs, where they are on the thread of the loop', () => {
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, threadSeconds: 9, runsInline: true })).toBe(9);
  expect(loopTime({ cpuSeconds: 10, runSeconds: 6, runsInline: true })).toBe(10);
});
