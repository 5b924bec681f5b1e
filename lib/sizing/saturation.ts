import { fullBatchSize, loadClients } from './load-clients';
import type { MeasuredRun } from '../profile/model-profile';

/** Fraction of the best rate that counts as saturation. Exceeding it with a larger batch is not worth the latency. */
const SATURATION_SHARE = 0.95;

type Run = Pick<MeasuredRun, 'threads' | 'batchSize' | 'rowsPerSecond'>;

/** Smallest batch size at which this number of threads nearly reaches its best rate. */
export function saturatingBatchSize(runs: readonly Run[], threads: number): number {
  const best = bestRate(runs, threads);
  const good = runs.filter((run) => run.threads === threads && run.rowsPerSecond >= SATURATION_SHARE * best);
  return Math.min(...good.map(({ batchSize }) => batchSize));
}

/** Run whose batch size is used to measure the service: the saturating size, or the largest that a load can form. */
export function servableBatch<R extends Run>(runs: readonly R[], threads: number): R {
  const saturating = saturatingBatchSize(runs, threads);
  const formable = runs.filter(
    ({ batchSize, rowsPerSecond, ...run }) =>
      run.threads === threads &&
      batchSize <= saturating &&
      batchSize <= fullBatchSize(loadClients(batchSize, rowsPerSecond)),
  );
  return formable.reduce((a, b) => (b.batchSize > a.batchSize ? b : a));
}

/** Highest rate with this number of threads, in rows per second. */
export function bestRate(runs: readonly Run[], threads: number): number {
  return Math.max(...runs.filter((run) => run.threads === threads).map((run) => run.rowsPerSecond));
}

/** Largest saturating batch size for any number of threads. */
export function largestSaturatingBatchSize(runs: readonly Run[]): number {
  return Math.max(...threadCounts(runs).map((threads) => saturatingBatchSize(runs, threads)));
}

/** Measured numbers of threads, ascending. */
export function threadCounts(runs: readonly Pick<Run, 'threads'>[]): number[] {
  return [...new Set(runs.map(({ threads }) => threads))].sort((a, b) => a - b);
}
