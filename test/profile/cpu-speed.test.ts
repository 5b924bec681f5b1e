import { measureCpuSpeed, otherCpuText } from '../../lib/profile/cpu-speed';
import { thisMachine } from '../../lib/measuring/machine';
import { profileOf } from '../support/profiles';

const machine = { ...profileOf('').machine, cpu: 'AMD EPYC 9B14', cpuSpeed: 1e9 };

test('the speed of a different CPU is compared with that of the profiled CPU', () => {
  expect(otherCpuText(machine, 'Intel Xeon 8481C', () => 1.42e9)).toBe(
    "this machine's Intel Xeon 8481C is 1.4 times as fast in a single-threaded test",
  );
  expect(otherCpuText(machine, 'Neoverse-N1', () => 0.5e9)).toContain('0.50 times');
});

test('nothing is measured for the same CPU, or without a figure', () => {
  const speed = jest.fn();
  expect(otherCpuText(machine, 'AMD EPYC 9B14', speed)).toBeUndefined();
  expect(otherCpuText({ ...machine, cpuSpeed: undefined }, 'Neoverse-N1', speed)).toBeUndefined();
  expect(speed).not.toHaveBeenCalled();
});

test('a second measurement confirms the recorded speed', () => {
  const { cpuSpeed = 0 } = thisMachine(2, 0);
  expect(cpuSpeed).toBeGreaterThan(0);
  expect(measureCpuSpeed() / cpuSpeed).toBeGreaterThan(1 / 3);
  expect(measureCpuSpeed() / cpuSpeed).toBeLessThan(3);
});
