// Loaded into a server before its own code (--require): measures for how long at a time the main thread was busy.
// Measures CPU time, because other processes share the machine. At each SIGUSR2, it writes a line of JSON to standard
// error and starts over.
const { openSync, readSync } = require('node:fs');
const { PerformanceObserver, performance } = require('node:perf_hooks');
const { setInterval, setTimeout } = require('node:timers');
const { isMainThread } = require('node:worker_threads');

/** Shorter times are caused by the probe itself. */
const MINIMUM_MS = 1;

if (isMainThread) {
  // Statistics of the main thread; the first number is nanoseconds of CPU time.
  const schedule = openSync('/proc/self/schedstat', 'r');
  const text = Buffer.alloc(64);
  const cpuMs = () => parseInt(text.toString('latin1', 0, readSync(schedule, text, 0, 64, 0)), 10) / 1e6;

  let tasks = [];
  let collections = [];
  let [last, lastCpu] = [performance.now(), cpuMs()];
  let before = process.cpuUsage();
  new PerformanceObserver((list) => collections.push(...list.getEntries())).observe({ entryTypes: ['gc'] });
  setInterval(() => {
    const [now, nowCpu] = [performance.now(), cpuMs()];
    if (nowCpu - lastCpu > MINIMUM_MS) tasks.push({ start: last, end: now, busy: nowCpu - lastCpu });
    [last, lastCpu] = [now, nowCpu];
  }, 1).unref();

  process.on('SIGUSR2', () => {
    // Waits for the entries of the last collection.
    setTimeout(() => {
      const { user, system } = process.cpuUsage(before);
      const withCollections = Math.max(0, ...tasks.map(({ busy }) => busy));
      const without = Math.max(0, ...tasks.map((task) => task.busy - collectedIn(task)));
      process.stderr.write(`${JSON.stringify({ withCollections, without, cpuMs: (user + system) / 1000 })}\n`);
      [tasks, collections, before] = [[], [], process.cpuUsage()];
    }, 20);
  });

  function collectedIn({ start, end }) {
    return collections.reduce((total, { startTime, duration }) => {
      return total + Math.max(0, Math.min(end, startTime + duration) - Math.max(start, startTime));
    }, 0);
  }
}
