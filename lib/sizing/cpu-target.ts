import { DEFAULT_HEADROOM } from './headroom';
import type { Sizing } from './sizing';

/**
 * Bounds of the target. Below the lowest, an autoscaler would react to noise; above the highest, it would react too
 * late.
 */
const [LOWEST_PERCENT, HIGHEST_PERCENT] = [10, 90];

/** CPU utilization that leaves a replica this headroom, in percent of the CPU request. */
export function cpuTarget({ cpus, busyCpus }: Sizing, headroom: number = DEFAULT_HEADROOM): number {
  const percent = Math.floor((100 * Math.min(busyCpus, cpus)) / (cpus * (1 + headroom)));
  return Math.min(HIGHEST_PERCENT, Math.max(LOWEST_PERCENT, percent));
}
