import { fullBatchSize, loadClients } from './load-clients';
import type { MeasuredRun } from './model-profile';

/** Of the best rate; what a larger batch adds to it is not worth its wait. */
const SATURATED = 0.95;

type Run = Pick<MeasuredRun, 'threads' | 'batchSize' | 'rowsPerSecond'>;

/** The smallest batch size with nearly the best rate that so many threads reach. */
export function saturatingBatchSize(runs: readonly Run[], threads: number): number {
  const best = bestRate(runs, threads);
  const good = runs.filter((run) => run.threads === threads && run.rowsPerSecond >= SATURATED * best);
  return Math.min(...good.map(({ batchSize }) => batchSize));
}

/** The run that a service is measured with: of the saturating batch, or of the largest below it that a load can form. */
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

/** Rows a second. */
export function bestRate(runs: readonly Run[], threads: number): number {
  return Math.max(...runs.filter((run) => run.threads === threads).map((run) => run.rowsPerSecond));
}

/** The largest of those, whatever the threads: what a service may be given. */
export function largestSaturatingBatchSize(runs: readonly Run[]): number {
  return Math.max(...threadCounts(runs).map((threads) => saturatingBatchSize(runs, threads)));
}

/** That were measured, ascending. */
export function threadCounts(runs: readonly Pick<Run, 'threads'>[]): number[] {
  return [...new Set(runs.map(({ threads }) => threads))].sort((a, b) => a - b);
}
