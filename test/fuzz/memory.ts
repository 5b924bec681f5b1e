import { median } from '../../lib/base/quantile';

const ALLOWED = 1.1;

/**
 * Checks that a server's memory grows only in the first half of the measurements. Returns the fault if it grows later.
 */
export function growth(memory: readonly number[]): string[] {
  const quarter = Math.floor(memory.length / 4);
  const settled = median(memory.slice(quarter, 2 * quarter));
  const last = median(memory.slice(-quarter));
  return last > settled * ALLOWED
    ? [`its memory grows from ${settled} MiB in the second quarter to ${last} MiB in the last`]
    : [];
}
