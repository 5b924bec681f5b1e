import { fullBatchSize } from './load-clients';
import type { MeasuredRun, ModelProfile } from '../profile/model-profile';
import { saturatingBatchSize } from './saturation';

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
