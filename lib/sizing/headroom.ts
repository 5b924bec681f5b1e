import type { Model } from '../model/model';
import { inMiB } from './memory';
import type { Sizing } from './sizing';

/** Default headroom: the fraction by which the load may rise before new replicas are ready. */
export const DEFAULT_HEADROOM = 0.3;

/** Describes a headroom: `30 % headroom`. */
export function headroomText(headroom: number = DEFAULT_HEADROOM): string {
  return `${Number((100 * headroom).toPrecision(3))} % headroom`;
}

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

/** Read rate of a slow disk, in MiB per second. */
const COLD_DISK_MIB = 20;

/**
 * Time allowed for a start, in seconds: ten times the measured time plus the time to read the weights from a slow disk,
 * but at least 30.
 */
export function startupBudget(readySeconds: number, { sizeBytes }: Pick<Model, 'sizeBytes'>): number {
  return Math.max(30, Math.ceil(10 * readySeconds + inMiB(sizeBytes) / COLD_DISK_MIB));
}
