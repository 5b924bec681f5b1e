import { DEFAULT_HEADROOM } from './headroom';
import type { Sizing } from './sizing';

/** Below it an autoscaler sees more noise than load; above it, it acts too late. */
const [LOWEST_PERCENT, HIGHEST_PERCENT] = [10, 90];

/** CPU time, in percent of what is set aside, at which a replica can still take the headroom on top. */
export function cpuTarget({ cpus, busyCpus }: Sizing, headroom: number = DEFAULT_HEADROOM): number {
  const percent = Math.floor((100 * Math.min(busyCpus, cpus)) / (cpus * (1 + headroom)));
  return Math.min(HIGHEST_PERCENT, Math.max(LOWEST_PERCENT, percent));
}
