import type { MeasuredRun, ModelProfile } from '../profile/model-profile';

const MIN_CLIENTS = 64;
export const MAX_CLIENTS = 1024;

/**
 * Number of full batches that the clients supply: one runs while the next fills. With fewer clients, batches would not
 * be full, and memory would stay below its peak.
 */
const BATCHES_IN_FLIGHT = 2;

/** Longest time that a client may wait for a response. The server's time limit is 30 s. */
const MAX_WAIT_SECONDS = 5;

/** Number of clients that produce the load for a measurement. */
export function loadClients(maxBatchSize: number, rowsPerSecond: number): number {
  const enough = Math.min(MAX_CLIENTS, Math.max(MIN_CLIENTS, BATCHES_IN_FLIGHT * maxBatchSize));
  return Math.min(enough, Math.max(1, Math.floor(MAX_WAIT_SECONDS * rowsPerSecond)));
}

/** Largest batch that this number of clients keeps full. */
export function fullBatchSize(clients: number): number {
  return Math.max(1, Math.floor(clients / BATCHES_IN_FLIGHT));
}

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

/** A run of one row that takes at most this long needs no more threads. */
const FAST_RUN_SECONDS = 0.05;

/**
 * Runs count as equally fast if they take at most this many times as long as the fastest run. A smaller gain is not
 * worth another CPU.
 */
const SIMILAR_TIME = 1.05;

/**
 * Seconds per row at the largest measured batch up to `batchSize`, with `threads` or the nearest lower measured number
 * of threads.
 */
export function secondsPerRow(profile: ModelProfile, threads: number, batchSize: number): number {
  const runs = runsWith(profile, threads);
  const largest = largestBatchSize(runs, batchSize);
  return runs.find((run) => run.batchSize === largest)!.p50Seconds / largest;
}

/** Fewest threads with which a run of one row is fast enough or, if none is, about as fast as the fastest run. */
export function fewestThreads(profile: Pick<ModelProfile, 'runs'>, atMost = Infinity): number {
  const single = profile.runs.filter(({ batchSize }) => batchSize === 1);
  const allowed = single.filter(({ threads }) => threads <= atMost);
  const candidates = (allowed.length > 0 ? allowed : single).toSorted((a, b) => a.threads - b.threads);
  const fastest = Math.min(...candidates.map(({ p50Seconds }) => p50Seconds));
  const enough = Math.max(FAST_RUN_SECONDS, SIMILAR_TIME * fastest);
  return candidates.find(({ p50Seconds }) => p50Seconds <= enough)!.threads;
}

/**
 * Smallest batch with nearly the best throughput, but at most the largest batch that the measured load could form;
 * undefined if no batch of several rows was measured.
 */
export function usefulBatchSize(profile: ModelProfile, threads: number): number | undefined {
  const runs = runsWith(profile, threads);
  if (runs.every(({ batchSize }) => batchSize === 1)) return undefined;
  const most = Math.min(saturatingBatchSize(runs, runs[0]!.threads), formableBatchSize(profile));
  return largestBatchSize(runs, most);
}

/** Largest batch that the clients of the measurement could keep full. The server formed no larger batches. */
export function formableBatchSize({ served }: ModelProfile): number {
  return fullBatchSize(served.clients);
}

/** Largest measured batch size up to `most`. */
function largestBatchSize(runs: readonly MeasuredRun[], most: number): number {
  return Math.max(...runs.map(({ batchSize }) => batchSize).filter((batchSize) => batchSize <= most));
}

function runsWith({ runs }: ModelProfile, threads: number): MeasuredRun[] {
  const measured = runs.map((run) => run.threads);
  const fewer = measured.filter((count) => count <= threads);
  const nearest = fewer.length > 0 ? Math.max(...fewer) : Math.min(...measured);
  return runs.filter((run) => run.threads === nearest);
}
