import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownSeconds } from './process-figures';

/** Share of the CPU time that other processes may take while a model is measured. */
export const MOST_LOAD = 0.1;

/** Long enough for counters of 10 ms, of 2 CPUs, to tell 1 % from none. */
const REST_SECONDS = 0.5;

/** What else a machine does for a moment, such as ending the command before, is no load. */
const RESTS = 3;

/** The CPU time that processes other than this one and those that it started take of this machine's. */
export class MachineLoad {
  private readonly start = cpuTimes();
  private readonly ownStart = ownSeconds();

  /**
   * Share since the beginning, from 0 to 1; only processes that have ended count as started by this one. Undefined where
   * the system does not tell what those took.
   */
  share(): number | undefined {
    const own = ownSeconds();
    if (own === undefined || this.ownStart === undefined) return undefined;
    return shareOf(this.start, cpuTimes(), own - this.ownStart);
  }
}

/** The same share while nothing is measured: the least of a few moments, as far as it is above what is allowed. */
export async function loadAtRest(signal: AbortSignal): Promise<number> {
  let least = Infinity;
  for (let rest = 0; rest < RESTS && least > MOST_LOAD; rest++) {
    const [start, own] = [cpuTimes(), process.cpuUsage()];
    await sleep(1000 * REST_SECONDS, undefined, { signal }).catch(() => signal.throwIfAborted());
    const { user, system } = process.cpuUsage(own);
    least = Math.min(least, shareOf(start, cpuTimes(), (user + system) / 1e6));
  }
  return least;
}

/** `12 %` */
export function loadText(share: number): string {
  return `${Math.round(100 * share)} %`;
}

interface CpuTimes {
  readonly busySeconds: number;
  readonly seconds: number;
}

/** Of all of the machine's CPUs together. */
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
