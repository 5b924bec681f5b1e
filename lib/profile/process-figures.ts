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

/** Of the clock that /proc counts with, on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU time of this process and of its children that have ended; undefined where the system does not tell.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function ownSeconds(): number | undefined {
  // After the name of the program, which may have spaces.
  const fields = read('/proc/self/stat').split(') ').at(-1)!.split(' ').slice(11, 15);
  return fields.length === 4 ? fields.reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND : undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
