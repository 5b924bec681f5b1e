import { readFileSync } from 'node:fs';

/** Peak resident memory of a process in bytes; undefined if the system does not report it. */
export function peakBytes(pid: number): number | undefined {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1];
  return kibibytes === undefined ? undefined : 1024 * Number(kibibytes);
}

/**
 * CPU time of a process's main thread, which runs Node's event loop; undefined if the system does not report it.
 *
 * @see https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
 */
export function mainThreadSeconds(pid: number): number | undefined {
  const nanoseconds = Number(/^\d+/.exec(read(`/proc/${pid}/task/${pid}/schedstat`))?.[0]);
  // A kernel without these statistics reports zeros.
  return nanoseconds > 0 ? nanoseconds / 1e9 : undefined;
}

/** Unit of CPU times in /proc, the same on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU time of this process and of its children that have exited; undefined if the system does not report it.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function ownSeconds(): number | undefined {
  // The fields follow the name of the program, which may contain spaces.
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
