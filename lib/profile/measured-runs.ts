import { fullBatchSize } from './load-clients';
import type { MeasuredRun, ModelProfile } from './model-profile';
import { saturatingBatchSize } from './saturation';

/** How long one client may well wait for a run of one row. */
const FAST_RUN_SECONDS = 0.05;

/** Of the fastest run's time: less is noise, and not worth a CPU. */
const AS_FAST = 1.05;

/** Seconds of one row in runs of up to so many, as measured with so many threads, or the most that are fewer. */
export function secondsPerRow(profile: ModelProfile, threads: number, batchSize: number): number {
  const runs = runsWith(profile, threads);
  const largest = largestBatchSize(runs, batchSize);
  return runs.find((run) => run.batchSize === largest)!.p50Seconds / largest;
}

/** The fewest threads with which a row runs fast enough, or else about as fast as with any. */
export function fewestThreads(profile: Pick<ModelProfile, 'runs'>, atMost = Infinity): number {
  const single = profile.runs.filter(({ batchSize }) => batchSize === 1);
  const allowed = single.filter(({ threads }) => threads <= atMost);
  const candidates = (allowed.length > 0 ? allowed : single).toSorted((a, b) => a.threads - b.threads);
  const fastest = Math.min(...candidates.map(({ p50Seconds }) => p50Seconds));
  const enough = Math.max(FAST_RUN_SECONDS, AS_FAST * fastest);
  return candidates.find(({ p50Seconds }) => p50Seconds <= enough)!.threads;
}

/**
 * The smallest batch with nearly the best throughput, as far as the measured load could form it; undefined where none of
 * more than one row was measured.
 */
export function usefulBatchSize(profile: ModelProfile, threads: number): number | undefined {
  const runs = runsWith(profile, threads);
  if (runs.every(({ batchSize }) => batchSize === 1)) return undefined;
  const most = Math.min(saturatingBatchSize(runs, runs[0]!.threads), formableBatchSize(profile));
  return largestBatchSize(runs, most);
}

/** The largest batch that the clients of the measurement could keep full: a larger one was never seen in the server. */
export function formableBatchSize({ served }: ModelProfile): number {
  return fullBatchSize(served.clients);
}

/** The largest that was measured of at most so many rows. */
function largestBatchSize(runs: readonly MeasuredRun[], most: number): number {
  return Math.max(...runs.map(({ batchSize }) => batchSize).filter((batchSize) => batchSize <= most));
}

function runsWith({ runs }: ModelProfile, threads: number): MeasuredRun[] {
  const measured = runs.map((run) => run.threads);
  const fewer = measured.filter((count) => count <= threads);
  const nearest = fewer.length > 0 ? Math.max(...fewer) : Math.min(...measured);
  return runs.filter((run) => run.threads === nearest);
}
