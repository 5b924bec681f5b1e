import { counted, figure } from '../base/text';
import type { Sizing } from './sizing';

/** Formats a sizing, without memory and rate: `1 executor of 2 threads, batches of up to 8 rows, 1.2 CPUs`. */
export function shapeText({ executors, threadsPerExecutor, maxBatchSize, cpus }: Sizing): string {
  const rows = maxBatchSize === 1 ? 'requests one by one' : `batches of up to ${maxBatchSize} rows`;
  return [
    `${counted(executors, 'executor')} of ${counted(threadsPerExecutor, 'thread')}`,
    ...(maxBatchSize === undefined ? [] : [rows]),
    cpusText(cpus),
  ].join(', ');
}

/** Formats a number of CPUs: `1 CPU`, `1.2 CPUs`. */
export function cpusText(cpus: number): string {
  return counted(cpus, 'CPU');
}

/** Formats a request rate: `1,200 requests/s`. */
export function rateText(requestsPerSecond: number): string {
  return `${figure(requestsPerSecond)} requests/s`;
}
