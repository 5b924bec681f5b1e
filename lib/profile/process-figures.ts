import { readFileSync } from 'node:fs';

/** The most bytes of a process that were ever resident; undefined where the system does not tell. */
export function peakBytes(pid: number): number | undefined {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return kibibytes === undefined ? undefined : 1024 * Number(kibibytes);
}

/**
 * CPU time of a process's main thread, where Node has its event loop; undefined where the system does not tell.
 *
 * @see https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function mainThreadSeconds(pid: number): number | undefined {
  const nanoseconds = Number(/^\d+/.exec(read(`/proc/${pid}/task/${pid}/schedstat`))?.[0]);
  // A kernel that does not count has zeros.
  return nanoseconds > 0 ? nanoseconds / 1e9 : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
