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

/**
 * Sizes of a container or of each replica of a model: as the user set them, derived from the model's profile, or the
 * defaults. They are resolved once, then checked, and then used for all resources and notes.
 */
export interface WorkloadSizes {
  readonly model: Model;
  /** The model's profile at the request sizes of the capacity. */
  readonly profile?: ModelProfile;
  /**
   * Sizes that are based on the profile; undefined without a profile, or if an option that determines the sizes is a
   * Terraform token or an invalid number.
   */
  readonly sizing?: Sizing;
  /** Options of the server, including the derived ones. */
  readonly serving: ServingOptions;
  readonly memoryMiB: number;
}

/** Options that determine the size of a replica, in addition to the profile. */
const DECISIVE = ['executors', 'threadsPerExecutor', 'maxBatchSize', 'cpuRequest', 'cpuLimit'] as const;

/** Options that determine only the memory of a replica. */
const FOR_REQUESTS = ['maxRequestBytes', 'maxQueueBytes', 'requestBudgetBytes'] as const;

/**
 * Resolves the sizes of a container or of each replica. They may be based on invalid options, which are reported
 * elsewhere.
 * @param serving - options as the user set them
 * @param profile - the model's profile at the request sizes of the capacity
 */
export function workloadSizes(
  model: Model,
  serving: ServingOptions,
  resources: GivenResources,
  profile: ModelProfile | undefined = model.profile,
): WorkloadSizes {
  const sizing = profile && derivedSizing(model, serving, resources, profile);
  return {
    model,
    profile,
    sizing,
    serving: sizedServing(serving, sizing),
    memoryMiB: resources.memoryMiB ?? sizing?.memoryMiB ?? defaultMemoryMiB(model, serving),
  };
}

/**
 * Derives sizes from a profile. Returns undefined if an option that determines the sizes is a Terraform token or an
 * invalid number.
 */
function derivedSizing(
  model: Model,
  serving: ServingOptions,
  resources: GivenResources,
  profile: ModelProfile,
): Sizing | undefined {
  const choices = { ...serving, ...resources };
  const isDecided = DECISIVE.every((name) => choices[name] === undefined || isAmount(choices[name]));
  if (!isDecided) return undefined;
  const sizing = sizeReplica(profile, model, choices);
  if (!FOR_REQUESTS.some((name) => Token.isUnresolved(serving[name]))) return sizing;
  const byDefault = defaultMemoryMiB(model, { ...choices, ...sizing });
  return { ...sizing, memoryMiB: resources.memoryMiB ?? Math.max(sizing.memoryMiB, byDefault) };
}

/** Adds the options that are derived from the sizing. */
function sizedServing(serving: ServingOptions, sizing: Sizing | undefined): ServingOptions {
  if (!sizing) return serving;
  const { executors, threadsPerExecutor, maxBatchSize, maxQueueLength } = sizing;
  return { ...serving, executors, threadsPerExecutor, maxBatchSize, maxQueueLength };
}

function isAmount(value: number): boolean {
  return !Token.isUnresolved(value) && Number.isFinite(value) && value > 0;
}
