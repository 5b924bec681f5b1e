import { ownMemoryBytes } from '../../inference-image/src/contract/memory';
import type { Settings } from '../../inference-image/src/contract/settings';
import { peakMemoryMiB, pictureMemoryMiB, requestMemoryMiB } from './memory';
import type { Model } from '../model/model';
import type { RequestChoices, RequestModel } from './request-needs';
import { fewestThreads, usefulBatchSize } from './measured-runs';
import type { ModelProfile } from '../profile/model-profile';
import { attainedShare, fullRate, requestCost, usefulExecutors } from './request-cost';
import { roundDown, roundUp } from '../base/rounding';

/** Sizes that the user sets. The other sizes are derived from these and the profile. */
export interface SizingChoices extends RequestChoices {
  readonly threadsPerExecutor?: number;
  readonly executors?: number;
  readonly rowIndependence?: Settings['rowIndependence'] | 'probe';
  readonly maxQueueLength?: number;
  /** CPU request: the CPUs that are reserved. */
  readonly cpuRequest?: number;
  /** CPU limit: the CPUs that may be used. */
  readonly cpuLimit?: number;
  readonly memoryMiB?: number;
}

/** Resources and capacity of one replica: set by the user, or derived from the model's profile. */
export interface Sizing {
  readonly threadsPerExecutor: number;
  readonly executors: number;
  /**
   * Maximum number of rows in one run; undefined if requests do not share runs, or if no batch of several rows was
   * measured.
   */
  readonly maxBatchSize?: number;
  readonly maxQueueLength: number;
  /** CPUs that the replica is sized for: its CPU request, or the CPUs that it can use up to its limit. */
  readonly cpus: number;
  /** Average number of CPUs in use at the highest request rate. */
  readonly busyCpus: number;
  readonly memoryMiB: number;
  /** Requests of one row that the replica answers per second with `cpus`. */
  readonly requestsPerSecond: number;
}

const MIB = 1024 * 1024;

/** Properties of a model that its sizes depend on, in addition to its profile. */
export type SizedModel = RequestModel & Pick<Model, 'sizeBytes'>;

/** Margin for peaks that a measurement of a few seconds misses. */
const MEMORY_MARGIN = 1.1;

/** Longest useful wait in the queue. A client that would wait longer should retry later. */
const QUEUE_SECONDS = 0.25;
const MIN_QUEUE_LENGTH = 16;
const MAX_QUEUE_LENGTH = 4096;

/** Derives the sizes of a replica. docs/sizing.md explains the formulas. */
export function sizeReplica(profile: ModelProfile, model: SizedModel, choices: SizingChoices = {}): Sizing {
  const { cpuRequest, cpuLimit } = choices;
  const sharedCpus = cpuLimit ?? cpuRequest;
  const threads = choices.threadsPerExecutor ?? fewestThreads(profile, sharedCpus && Math.max(1, sharedCpus));
  const isMerged = mergesRows(model.batching, choices.rowIndependence);
  const maxBatchSize = choices.maxBatchSize ?? (isMerged ? usefulBatchSize(profile, threads) : undefined);
  const cost = requestCost(profile, threads, isMerged ? (maxBatchSize ?? 1) : 1);
  const executors = choices.executors ?? (sharedCpus === undefined ? 1 : usefulExecutors(cost, threads, sharedCpus));

  const full = fullRate(cost, executors);
  const rate = attainedShare(profile) * full;
  const usedCpus = rate * cost.cpuSeconds;
  // Derived from the full rate, not from the attained one. At times neither the event loop nor the executors wait for
  // the other, and more CPUs than the average are busy. Such a burst can outlast one period of the CPU limit, so a limit
  // at the average would throttle it.
  const cpus = cpuRequest ?? Math.min(cpuLimit ?? Infinity, roundUp(full * cost.cpuSeconds, 0.1));
  const requestsPerSecond = roundDown(Math.min(rate, cpus / cost.cpuSeconds));
  return {
    threadsPerExecutor: threads,
    executors,
    maxBatchSize,
    maxQueueLength: choices.maxQueueLength ?? queueLength(requestsPerSecond, maxBatchSize),
    cpus,
    busyCpus: Math.min(cpuLimit ?? Infinity, usedCpus),
    memoryMiB: choices.memoryMiB ?? memoryMiB(profile, model, executors, { ...choices, maxBatchSize }),
    requestsPerSecond,
  };
}

/** Whether the server runs rows of several requests together. */
function mergesRows({ verdict }: Model['batching'], rowIndependence: SizingChoices['rowIndependence']): boolean {
  return verdict === 'independent' || (verdict !== 'fixed' && rowIndependence === 'assume');
}

function queueLength(requestsPerSecond: number, maxBatchSize = 1): number {
  const length = Math.ceil(QUEUE_SECONDS * requestsPerSecond);
  return Math.min(MAX_QUEUE_LENGTH, Math.max(MIN_QUEUE_LENGTH, 2 * maxBatchSize, length));
}

/** Memory of a replica. Memory for a picture is added, because the profile was measured with tensors. */
function memoryMiB(profile: ModelProfile, model: SizedModel, executors: number, choices: RequestChoices): number {
  const byServer = ownMemoryBytes(model.sizeBytes, executors, undefined) / MIB;
  const own = Math.max(MEMORY_MARGIN * peakMemoryMiB(profile, executors), byServer);
  return roundUp(own + requestMemoryMiB(model, choices), 16) + pictureMemoryMiB(model);
}
