import { formableBatchSize, secondsPerRow } from './measured-runs';
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

/** Cost with so many threads and batches of up to so many rows, as far as the measured load could form them. */
export function requestCost(profile: ModelProfile, threads: number, batchSize: number): RequestCost {
  const { cpuSecondsPerRequest, loopSecondsPerRequest: loopSeconds } = profile.served;
  const formed = Math.min(batchSize, formableBatchSize(profile));
  const runSeconds = slowdown(profile) * secondsPerRow(profile, threads, formed);
  // Threads and batches that the server was not measured with may be cheaper in process; that is not counted on.
  const cpuSeconds = Math.max(cpuSecondsPerRequest, loopSeconds + threads * runSeconds);
  return { loopSeconds, runSeconds, cpuSeconds };
}

/** Requests a second where CPU time is never short: the event loop is busy then, or all executors are. */
export function fullRate({ loopSeconds, runSeconds }: RequestCost, executors: number): number {
  return Math.min(1 / loopSeconds, executors / runSeconds);
}

/**
 * What the measured server, of one executor, reached of that. The rest goes to handing requests over between the event
 * loop and the executor, which no part shows alone.
 */
export function attainedShare(profile: ModelProfile): number {
  const { threads, maxBatchSize } = servedSizes(profile);
  return Math.min(1, profile.served.requestsPerSecond / fullRate(requestCost(profile, threads, maxBatchSize), 1));
}

/** How many executors find work: as many as the event loop can feed, and as the CPUs hold. */
export function usefulExecutors({ loopSeconds, runSeconds }: RequestCost, threads: number, cpus: number): number {
  return Math.max(1, Math.min(Math.floor(cpus / threads), Math.ceil(runSeconds / loopSeconds)));
}

/**
 * How many times the CPU time of a run in process a request took behind the server, besides the event loop. It is more
 * than once: batches are not always full there, requests are collected as garbage, and other threads use the caches.
 */
function slowdown(profile: ModelProfile): number {
  const { cpuSecondsPerRequest, loopSecondsPerRequest } = profile.served;
  const { threads, maxBatchSize } = servedSizes(profile);
  const inProcess = threads * secondsPerRow(profile, threads, maxBatchSize);
  return Math.max(1, (cpuSecondsPerRequest - loopSecondsPerRequest) / inProcess);
}

/** What the measured server had. */
function servedSizes({ served, runs }: ModelProfile) {
  const { threads = 1, maxBatchSize = largestSaturatingBatchSize(runs) } = served;
  return { threads, maxBatchSize };
}
