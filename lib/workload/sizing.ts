import { Token } from 'cdktf';
import { defaultMemoryMiB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';
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

/** What the size of a replica follows from. */
const DECISIVE = ['executors', 'threadsPerExecutor', 'maxBatchSize', 'cpuRequest', 'cpuLimit'] as const;

/**
 * The sizes of a replica, where its model has a profile. Undefined without one, where only Terraform knows what they
 * follow from, and where a number cannot be, which is refused elsewhere.
 */
export function sizingOf(model: OnnxModel, serving: ServingOptions, resources: GivenResources): Sizing | undefined {
  const { profile } = model;
  const choices = { ...serving, ...resources };
  const isDecided = DECISIVE.every((name) => choices[name] === undefined || isAmount(choices[name]));
  if (!profile || !isDecided) return undefined;
  if (!Token.isUnresolved(serving.maxQueueBytes)) return sizeReplica(profile, model, choices);
  const sizing = sizeReplica(profile, model, { ...choices, maxQueueBytes: undefined });
  const memoryMiB = resources.memoryMiB ?? Math.max(sizing.memoryMiB, defaultMemoryMiB(model, sizing.executors));
  return { ...sizing, memoryMiB };
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
