/** A batch size and the median time of its runs. */
export interface Rung {
  readonly batchSize: number;
  readonly p50Seconds: number;
}

/** If a run takes longer than this, larger batches are not useful. */
const MAX_RUN_SECONDS = 2;

/** Smallest gain in throughput that is worth the latency of a larger batch. */
const MIN_GAIN = 1.05;

/** Returns the powers of two below `most`, and then `most` itself. */
export function doublings(most: number): number[] {
  const below = Array.from({ length: Math.ceil(Math.log2(most)) }, (_, i) => 2 ** i);
  return [...below, most];
}

/** Whether larger batches need not be measured, because runs are slow or the last two steps gained almost nothing. */
export function ladderEnds(rungs: readonly Rung[]): boolean {
  const last = rungs.at(-1);
  if (last && last.p50Seconds > MAX_RUN_SECONDS) return true;
  const [a, b, c] = rungs.slice(-3).map(rowsPerSecond);
  return a !== undefined && b !== undefined && c !== undefined && b < MIN_GAIN * a && c < MIN_GAIN * b;
}

/** Throughput at the median run time. */
export function rowsPerSecond({ batchSize, p50Seconds }: Rung): number {
  return batchSize / p50Seconds;
}
