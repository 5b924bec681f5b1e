import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownSeconds } from './process-figures';

/** Maximum share of the CPU time that other processes may use while a model is measured. */
export const MAX_LOAD = 0.1;

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

/** Formats a share of the CPU time: `12 %`. */
export function loadText(share: number): string {
  return `${Math.round(100 * share)} %`;
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
