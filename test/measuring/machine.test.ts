import { cpus } from 'node:os';
import { loadAtRest, MachineLoad, mainThreadSeconds, peakBytes } from '../../lib/measuring/machine';
import { loadText } from '../../lib/profile/describe-profile';

jest.mock('node:os', () => ({ ...jest.requireActual('node:os'), cpus: jest.fn() }));

/**
 * Fakes the CPU times of two CPUs. `shares` are the shares of them that other processes use from one reading to the
 * next.
 */
function machine(shares: readonly number[]): void {
  const times = { user: 0, nice: 0, sys: 0, irq: 0, idle: 0 };
  const left = [...shares];
  let share = 0;
  jest.mocked(cpus).mockImplementation(() => {
    times.user += 1e6 * share;
    times.idle += 1e6 * (1 - share);
    share = left.shift() ?? share;
    return Array.from({ length: 2 }, () => ({ model: '', speed: 0, times: { ...times } }));
  });
}

const { signal } = new AbortController();

test('the share of all CPUs that other processes use', () => {
  machine([0.25]);
  expect(new MachineLoad().share()).toBeCloseTo(0.25, 2);
});

test('a short moment in which other processes are busy does not count as load at rest', async () => {
  // Each moment is measured by a reading before it and a reading after it. The 0 lies between the two moments.
  machine([0.9, 0, 0.02]);
  expect(await loadAtRest(signal)).toBeCloseTo(0.02, 2);
});

test('the lowest of several readings is the load at rest', async () => {
  machine([0.9, 0, 0.5, 0, 0.7]);
  expect(await loadAtRest(signal)).toBeCloseTo(0.5, 2);
});

test('the measurement of the load at rest ends when it is aborted', async () => {
  machine([0.9]);
  const controller = new AbortController();
  const rest = loadAtRest(controller.signal);
  controller.abort('enough');
  await expect(rest).rejects.toBe('enough');
});

test('percents', () => {
  expect([0.1234, 0.5].map(loadText)).toEqual(['12 %', '50 %']);
});

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('the peak memory of this process', () => {
  expect(peakBytes(process.pid)).toBeGreaterThan(20 * 1024 * 1024);
});

onLinux('the CPU time of the main thread grows, and is less than that of the process', () => {
  const before = mainThreadSeconds(process.pid)!;
  for (const start = performance.now(); performance.now() < start + 20;);
  expect(mainThreadSeconds(process.pid)).toBeGreaterThan(before);
  const { user, system } = process.cpuUsage();
  expect(before).toBeLessThanOrEqual((user + system) / 1e6);
});

test('a process that does not exist has no figures', () => {
  expect([peakBytes(2 ** 30), mainThreadSeconds(2 ** 30)]).toEqual([undefined, undefined]);
});
