import { mainThreadSeconds, peakBytes } from '../../lib/measuring/machine';

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
