import type { Model } from '../model/model';
import { type ModelProfile, profileAt } from '../profile/model-profile';
import type { Sizing } from '../sizing/sizing';
import type { ServingOptions } from '../terraform/serving-options';
import { type WorkloadSizes, workloadSizes } from '../terraform/workload-sizes';
import type { Capacity } from './capacity';
import { type ComputeResources, withThreads } from './compute-resources';

/** Sizes of each replica: as the user set them, derived from the model's profile, or the defaults. */
export interface ReplicaSizes extends WorkloadSizes {
  /** Resources as set, or derived from the profile. Those that are undefined have their defaults. */
  readonly resources: ComputeResources;
}

/** Props that determine the sizes of a replica, in addition to its model. */
interface SizeProps {
  readonly serving?: ServingOptions;
  readonly resources?: ComputeResources;
  readonly capacity?: Capacity;
}

/** Resolves the sizes of each replica. */
export function replicaSizes(model: Model, { serving = {}, resources = {}, capacity }: SizeProps): ReplicaSizes {
  const { cpu, cpuLimit = cpu, memoryMiB } = resources;
  const limit = cpuLimit === 'none' ? undefined : cpuLimit;
  // Without a request, Kubernetes uses the limit.
  const given = { cpuRequest: cpu === 'none' ? limit : cpu, cpuLimit: limit, memoryMiB };
  const sizes = workloadSizes(model, serving, given, capacityProfile(model, capacity));
  const sized = sizedResources(resources, sizes.sizing);
  return { ...sizes, serving: withThreads(sizes.serving, sized), resources: sized };
}

/**
 * Profile of a model at the sizes of its capacity. Returns the profile unchanged if it was not measured at those sizes,
 * which is reported elsewhere.
 */
function capacityProfile({ profile }: Model, capacity: Capacity | undefined): ModelProfile | undefined {
  return profile && (profileAt(profile, capacity?.at) ?? profile);
}

/** Adds the resources that are derived from the sizing. */
function sizedResources(resources: ComputeResources, sizing: Sizing | undefined): ComputeResources {
  if (!sizing) return resources;
  const { cpu = sizing.cpus, cpuLimit, memoryMiB = sizing.memoryMiB } = resources;
  return { cpu, cpuLimit, memoryMiB };
}
