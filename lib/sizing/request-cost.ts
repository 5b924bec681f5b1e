import { formableBatchSize, largestSaturatingBatchSize, secondsPerRow } from './measured-runs';
import type { ModelProfile } from '../profile/model-profile';

/** Cost of one request of one row. */
export interface RequestCost {
  /** Time that the event loop needs to read, check and answer the request. */
  readonly loopSeconds: number;
  /** Time that an executor needs to run the request: its share of a full batch. */
  readonly runSeconds: number;
  /** Total CPU time if all threads of a run are busy all the time. */
  readonly cpuSeconds: number;
}

/**
 * Cost with this number of threads and this batch size. The batch size counts only up to the largest batch that the
 * measured load could form.
 */
export function requestCost(profile: ModelProfile, threads: number, batchSize: number): RequestCost {
  const { cpuSecondsPerRequest, loopSecondsPerRequest: loopSeconds } = profile.served;
  const formed = Math.min(batchSize, formableBatchSize(profile));
  const runSeconds = slowdown(profile) * secondsPerRow(profile, threads, formed);
  // The server was not measured with other numbers of threads and rows, which may cost less. Uses the higher cost.
  const cpuSeconds = Math.max(cpuSecondsPerRequest, loopSeconds + threads * runSeconds);
  return { loopSeconds, runSeconds, cpuSeconds };
}

/** Requests per second with enough CPUs. The limit is the event loop or the executors, whichever is slower. */
export function fullRate({ loopSeconds, runSeconds }: RequestCost, executors: number): number {
  return Math.min(1 / loopSeconds, executors / runSeconds);
}

/**
 * Fraction of the full rate that the measured server, with one executor, reached. The rest is lost while requests are
 * handed over between the event loop and the executor; neither of their measured times includes this loss.
 */
export function attainedShare(profile: ModelProfile): number {
  const { threads, maxBatchSize } = servedSizes(profile);
  return Math.min(1, profile.served.requestsPerSecond / fullRate(requestCost(profile, threads, maxBatchSize), 1));
}

/** Number of executors that fit on the CPUs and that the event loop can keep busy. */
export function usefulExecutors({ loopSeconds, runSeconds }: RequestCost, threads: number, cpus: number): number {
  return Math.max(1, Math.min(Math.floor(cpus / threads), Math.ceil(runSeconds / loopSeconds)));
}

/**
 * Ratio of a request's CPU time in the server, without the event loop, to its CPU time in a run without the server. In
 * the server, batches are not always full, garbage is collected, and other threads compete for the CPU's caches.
 */
function slowdown(profile: ModelProfile): number {
  const { cpuSecondsPerRequest, loopSecondsPerRequest } = profile.served;
  const { threads, maxBatchSize } = servedSizes(profile);
  const inProcess = threads * secondsPerRow(profile, threads, maxBatchSize);
  return Math.max(1, (cpuSecondsPerRequest - loopSecondsPerRequest) / inProcess);
}

/** Threads and batch size of the measured server. */
function servedSizes({ served, runs }: ModelProfile) {
  const { threads = 1, maxBatchSize = largestSaturatingBatchSize(runs) } = served;
  return { threads, maxBatchSize };
}
