import { Worker } from 'node:worker_threads';
import { REPORT_PREFIX } from '../contract/node-process';

export interface Limits {
  readonly seconds: number;
  /** Maximum memory of the process in addition to the current amount. */
  readonly memoryBytes: number;
}

/** Interval between memory checks, during which a run can allocate a few hundred MiB. */
const PERIOD_MILLISECONDS = 20;

/**
 * Source of the watching thread. It is a string, because the path of a separate file would differ between the sources
 * and the bundle.
 */
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
  if (performance.now() > end) stop('its runs take more than ' + seconds + ' s');
  else if (process.memoryUsage.rss() > limit) stop('its runs use more than ' + mebibytes + ' MiB of memory');
}, period);
`;

/**
 * Terminates this process if it exceeds the limits, and reports the reason. A separate thread watches, because a run
 * cannot be interrupted and blocks the thread that waits for it.
 */
export function limitProcess({ seconds, memoryBytes }: Limits): void {
  const residentBytes = process.memoryUsage.rss();
  const workerData = { prefix: REPORT_PREFIX, seconds, memoryBytes, residentBytes, period: PERIOD_MILLISECONDS };
  const worker = new Worker(WATCH, { eval: true, workerData, resourceLimits: { maxOldGenerationSizeMb: 16 } });
  worker.on('error', () => {
    // If the worker fails, the caller still limits the time of the whole process.
  });
  worker.unref();
}
