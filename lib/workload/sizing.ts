import { Token } from 'cdktf';
import { defaultMemoryMiB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';
import type { ModelProfile } from '../profile/model-profile';
import { sizeReplica, type Sizing } from '../profile/sizing';
import type { ServingOptions } from '../serving-options';

/** CPUs and memory that were decided by hand. */
export interface GivenResources {
  /** That are set aside. */
  readonly cpuRequest?: number;
  /** That may be used. */
  readonly cpuLimit?: number;
  readonly memoryMiB?: number;
}

/** What the size of a replica follows from, besides the profile. */
const DECISIVE = ['executors', 'threadsPerExecutor', 'maxBatchSize', 'cpuRequest', 'cpuLimit'] as const;

/** What only its memory follows from. */
const FOR_REQUESTS = ['maxRequestBytes', 'maxQueueBytes', 'requestBudgetBytes'] as const;

/**
 * The sizes of a replica, where its model has a profile. Undefined without one, where only Terraform knows what they
 * follow from, and where a number cannot be, which is refused elsewhere.
 * @param profile The model's, as measured at the sizes that count.
 */
export function sizingOf(
  model: OnnxModel,
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

/** Memory of a replica: as it is given, derived from the profile, or the default. */
export function memoryMiBOf(
  model: OnnxModel,
  serving: ServingOptions,
  sizing: Sizing | undefined,
  given: number | undefined,
): number {
  return given ?? sizing?.memoryMiB ?? defaultMemoryMiB(model, serving);
}

/** The options with what was derived. */
export function sizedServing(serving: ServingOptions, sizing: Sizing | undefined): ServingOptions {
  if (!sizing) return serving;
  const { executors, threadsPerExecutor, maxBatchSize, maxQueueLength } = sizing;
  return { ...serving, executors, threadsPerExecutor, maxBatchSize, maxQueueLength };
}

function isAmount(value: number): boolean {
  return !Token.isUnresolved(value) && Number.isFinite(value) && value > 0;
}
