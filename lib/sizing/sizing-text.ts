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

/** Formats a number with all its digits: `1,200`, `0.0012`. */
export function figure(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 15 });
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
