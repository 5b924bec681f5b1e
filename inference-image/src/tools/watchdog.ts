import { Worker } from 'node:worker_threads';
import { REPORT_PREFIX } from '../contract/report';

export interface Limits {
  readonly seconds: number;
  /** Memory that the whole process may take beyond what it has now. */
  readonly memoryBytes: number;
}

/** How often the memory is looked at; meanwhile a run can take some hundred MiB. */
const PERIOD_MILLISECONDS = 20;

/** As text: a file of its own would have one path in the sources and another in the bundle. */
const WATCH = `
const { writeSync } = require('node:fs');
const { prefix, seconds, memoryBytes, residentBytes, period } = require('node:worker_threads').workerData;
const end = performance.now() + 1000 * seconds;
const limit = residentBytes + memoryBytes;
const mebibytes = Math.round(memoryBytes / 1048576);
const stop = (reason) => {
  writeSync(1, '\\n' + prefix + JSON.stringify({ stopped: reason, byLimit: true }) + '\\n');
  process.kill(process.pid, 'SIGKILL');
};
setInterval(() => {
  if (performance.now() > end) stop('it takes more than ' + seconds + ' s');
  else if (process.memoryUsage.rss() > limit) stop('it takes more than ' + mebibytes + ' MiB of memory');
}, period);
`;

/**
 * Ends this process beyond the limits, and reports why: a run cannot be interrupted, and the thread that waits for it
 * does nothing else.
 */
export function limitProcess({ seconds, memoryBytes }: Limits): void {
  const residentBytes = process.memoryUsage.rss();
  const workerData = { prefix: REPORT_PREFIX, seconds, memoryBytes, residentBytes, period: PERIOD_MILLISECONDS };
  const worker = new Worker(WATCH, { eval: true, workerData, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  worker.on('error', () => {
    // Without it the trial is limited by the time of the whole process.
  });
  worker.unref();
}
