import { MAX_LOAD } from '../profile/describe-profile';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../profile/model-profile';
import { inMiB } from '../sizing/memory';
import { cpuName, measureCpuSpeed } from '../profile/cpu-speed';

/**
 * @param cpus - CPUs that the quota allows this process to use
 * @param otherLoad - share of CPU time used by other processes
 */
export function thisMachine(cpus: number, otherLoad: number): Machine {
  // Without a memory limit, the function returns undefined, 0 or, with cgroup v1, a huge number.
  const limit = process.constrainedMemory() || Infinity;
  return {
    cpu: cpuName(),
    cpus,
    cpuSpeed: measureCpuSpeed(),
    memoryMiB: inMiB(Math.min(totalmem(), limit)),
    platform: `${process.platform}/${process.arch}`,
    node: process.version,
    otherLoad,
  };
}

/** Duration of one attempt: long enough to detect a load of 1 % on 2 CPUs, whose counters advance in steps of 10 ms. */
const REST_SECONDS = 0.5;

/** Number of attempts, so that brief activity, such as the end of the previous command, does not count as load. */
const REST_ATTEMPTS = 3;

/** Measures the share of this machine's CPU time used by processes other than this one and its children. */
export class MachineLoad {
  private readonly start = cpuTimes();
  private readonly ownStart = ownSeconds();

  /**
   * Share of the CPU time since this object was created, from 0 to 1. Running children count as other processes.
   * Undefined if the system does not report the CPU time of children.
   */
  share(): number | undefined {
    const own = ownSeconds();
    if (own === undefined || this.ownStart === undefined) return undefined;
    return shareOf(this.start, cpuTimes(), own - this.ownStart);
  }
}

/**
 * Share of the CPU time that other processes use before the measurement. Takes the first low value of a few attempts,
 * or the lowest if none is low.
 */
export async function loadAtRest(signal: AbortSignal): Promise<number> {
  let least = Infinity;
  for (let rest = 0; rest < REST_ATTEMPTS && least > MAX_LOAD; rest++) {
    const [start, own] = [cpuTimes(), process.cpuUsage()];
    await sleep(1000 * REST_SECONDS, undefined, { signal }).catch(() => signal.throwIfAborted());
    const { user, system } = process.cpuUsage(own);
    least = Math.min(least, shareOf(start, cpuTimes(), (user + system) / 1e6));
  }
  return least;
}

interface CpuTimes {
  readonly busySeconds: number;
  readonly seconds: number;
}

/** CPU times, summed over all CPUs of the machine. */
function cpuTimes(): CpuTimes {
  let [busySeconds, seconds] = [0, 0];
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq;
    busySeconds += busy / 1000;
    seconds += (busy + times.idle) / 1000;
  }
  return { busySeconds, seconds };
}

function shareOf(before: CpuTimes, after: CpuTimes, ownSeconds: number): number {
  const seconds = after.seconds - before.seconds;
  const others = after.busySeconds - before.busySeconds - ownSeconds;
  return seconds > 0 ? Math.min(1, Math.max(0, others / seconds)) : 0;
}

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
