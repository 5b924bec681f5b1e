import { secondsPerRow } from './measured-runs';
import type { ModelProfile } from './model-profile';
import { largestSaturatingBatchSize } from './saturation';

/** What one request of one row costs a replica. */
export interface RequestCost {
  /** Of the event loop, to read, check and answer it. */
  readonly loopSeconds: number;
  /** Of an executor, to run it: its share of a full batch. */
  readonly runSeconds: number;
  /** CPU time in all, where all threads of a run are busy all the time. */
  readonly cpuSeconds: number;
}

export function requestCost(profile: ModelProfile, threads: number, batchSize: number): RequestCost {
  const loopSeconds = profile.served.loopSecondsPerRequest;
  const runSeconds = secondsPerRow(profile, threads, batchSize);
  return { loopSeconds, runSeconds, cpuSeconds: loopSeconds + threads * runSeconds };
}

/** Requests a second where CPU time is never short: the event loop is busy then, or all executors are. */
export function fullRate({ loopSeconds, runSeconds }: RequestCost, executors: number): number {
  return Math.min(1 / loopSeconds, executors / runSeconds);
}

/**
 * What the measured server, of one executor of one thread, reached of that. The rest goes to handing requests over
 * between the event loop and the executor, which no part shows alone.
 */
export function attainedShare(profile: ModelProfile): number {
  const cost = requestCost(profile, 1, largestSaturatingBatchSize(profile.runs));
  return Math.min(1, profile.served.requestsPerSecond / fullRate(cost, 1));
}

/** How many executors find work: as many as the event loop can feed, and as the CPUs hold. */
export function usefulExecutors({ loopSeconds, runSeconds }: RequestCost, threads: number, cpus: number): number {
  return Math.max(1, Math.min(Math.floor(cpus / threads), Math.ceil(runSeconds / loopSeconds)));
}
