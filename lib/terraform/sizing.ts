import { Token } from 'cdktf';
import { defaultMemoryMiB } from '../sizing/memory';
import type { Model } from '../model/model';
import type { ModelProfile } from '../profile/model-profile';
import { sizeReplica, type Sizing } from '../sizing/sizing';
import type { ServingOptions } from './serving-options';

/** CPUs and memory that the props set. */
export interface GivenResources {
  /** CPU request. */
  readonly cpuRequest?: number;
  /** CPU limit. */
  readonly cpuLimit?: number;
  readonly memoryMiB?: number;
}

/** Options that determine the size of a replica, in addition to the profile. */
const DECISIVE = ['executors', 'threadsPerExecutor', 'maxBatchSize', 'cpuRequest', 'cpuLimit'] as const;

/** Options that determine only the memory of a replica. */
const FOR_REQUESTS = ['maxRequestBytes', 'maxQueueBytes', 'requestBudgetBytes'] as const;

/**
 * Derives the sizes of a replica from its model's profile. Returns undefined if the model has no profile, or if an
 * option that determines the sizes is a Terraform token or an invalid number; invalid numbers are reported elsewhere.
 * @param profile - the model's profile at the request sizes of the capacity
 */
export function sizingOf(
  model: Model,
  serving: ServingOptions,
  resources: GivenResources,
  profile: ModelProfile | undefined = model.profile,
): Sizing | undefined {
  const choices = { ...serving, ...resources };
  const isDecided = DECISIVE.every((name) => choices[name] === undefined || isAmount(choices[name]));
  if (!profile || !isDecided) return undefined;
  const sizing = sizeReplica(profile, model, choices);
  if (!FOR_REQUESTS.some((name) => Token.isUnresolved(serving[name]))) return sizing;
  const byDefault = defaultMemoryMiB(model, { ...choices, ...sizing });
  return { ...sizing, memoryMiB: resources.memoryMiB ?? Math.max(sizing.memoryMiB, byDefault) };
}

/** Memory of a replica: as set, derived from the profile, or the default. */
export function memoryMiBOf(
  model: Model,
  serving: ServingOptions,
  sizing: Sizing | undefined,
  given: number | undefined,
): number {
  return given ?? sizing?.memoryMiB ?? defaultMemoryMiB(model, serving);
}

/** Adds the options that are derived from the sizing. */
export function sizedServing(serving: ServingOptions, sizing: Sizing | undefined): ServingOptions {
  if (!sizing) return serving;
  const { executors, threadsPerExecutor, maxBatchSize, maxQueueLength } = sizing;
  return { ...serving, executors, threadsPerExecutor, maxBatchSize, maxQueueLength };
}

function isAmount(value: number): boolean {
  return !Token.isUnresolved(value) && Number.isFinite(value) && value > 0;
}
