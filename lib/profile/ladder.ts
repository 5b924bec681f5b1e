/** A batch size and how long its runs take. */
export interface Rung {
  readonly batchSize: number;
  readonly p50Seconds: number;
}

/** Who waits longer for a batch has no use for a larger one. */
const LONGEST_RUN_SECONDS = 2;

/** A larger batch that brings less is not worth the wait. */
const LEAST_GAIN = 1.05;

/** 1, 2, 4 and so on, and the most itself. */
export function doublings(most: number): number[] {
  const below = Array.from({ length: Math.ceil(Math.log2(most)) }, (_, i) => 2 ** i);
  return [...below, most];
}

/** Whether larger batches need not be measured: runs are slow, or two steps in a row brought next to nothing. */
export function ladderEnds(rungs: readonly Rung[]): boolean {
  const last = rungs.at(-1);
  if (last && last.p50Seconds > LONGEST_RUN_SECONDS) return true;
  const [a, b, c] = rungs.slice(-3).map(rowsPerSecond);
  return a !== undefined && b !== undefined && c !== undefined && b < LEAST_GAIN * a && c < LEAST_GAIN * b;
}

/** At the median. */
export function rowsPerSecond({ batchSize, p50Seconds }: Rung): number {
  return batchSize / p50Seconds;
}
