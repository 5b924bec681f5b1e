import type { Total } from '../protocol/statistics';

/** Up to here each number of rows has an entry of its own; a client chooses it, and must not fill the memory. */
const EXACT_ROWS = 1024;

/** How many runs there were of each number of rows, and how long they took. */
export class RunsByRows {
  private readonly totals = new Map<number, { count: number; sum: number }>();

  /** A larger number of rows counts as the power of two below it. */
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
