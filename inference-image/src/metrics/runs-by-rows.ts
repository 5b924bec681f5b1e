import type { Total } from '../protocol/statistics';

/**
 * Each number of rows up to this limit has its own entry. There must be a limit, because clients choose the number and
 * could otherwise fill the memory.
 */
const EXACT_ROWS = 1024;

/** Number and total time of runs, by number of rows. */
export class RunsByRows {
  private readonly totals = new Map<number, { count: number; sum: number }>();

  /** Counts a run. A number of rows above the limit is rounded down to a power of two. */
  observe(rows: number, runSeconds: number): void {
    const size = rows <= EXACT_ROWS ? rows : 2 ** Math.floor(Math.log2(rows));
    const total = this.totals.get(size);
    if (total) {
      total.count++;
      total.sum += runSeconds;
    } else this.totals.set(size, { count: 1, sum: runSeconds });
  }

  [Symbol.iterator](): Iterator<readonly [rows: number, runs: Total]> {
    return this.totals[Symbol.iterator]();
  }
}
