import { inMiB } from './memory';
import type { Model } from '../model/model';

/** Read rate of a slow disk, in MiB per second. */
const COLD_DISK_MIB = 20;

/**
 * Time allowed for a start, in seconds: ten times the measured time plus the time to read the weights from a slow disk,
 * but at least 30.
 */
export function startupBudget(readySeconds: number, { sizeBytes }: Pick<Model, 'sizeBytes'>): number {
  return Math.max(30, Math.ceil(10 * readySeconds + inMiB(sizeBytes) / COLD_DISK_MIB));
}
