import type { Model } from '../model/model';
import { type ModelProfile, profileAt } from '../profile/model-profile';
import type { Sizing } from '../sizing/sizing';
import type { ServingOptions } from '../terraform/serving-options';
import { sizingOf } from '../terraform/sizing';
import type { Capacity } from './capacity';
import type { ComputeResources } from './compute-resources';

/** Props that determine the size of a replica, in addition to its model. */
interface SizedProps {
  readonly serving?: ServingOptions;
  readonly resources?: ComputeResources;
  readonly capacity?: Capacity;
}

/** Sizing of a replica, if its model has a profile. */
export function replicaSizing(
  model: Model,
  { serving = {}, resources = {}, capacity }: SizedProps,
): Sizing | undefined {
  const { cpu, cpuLimit = cpu, memoryMiB } = resources;
  const limit = cpuLimit === 'none' ? undefined : cpuLimit;
  // Without a request, Kubernetes uses the limit.
  const given = { cpuRequest: cpu === 'none' ? limit : cpu, cpuLimit: limit, memoryMiB };
  return sizingOf(model, serving, given, capacityProfile(model, capacity));
}

/**
 * Profile of a model at the sizes of its capacity. Returns the profile unchanged if it was not measured at those sizes,
 * which is reported elsewhere.
 */
export function capacityProfile({ profile }: Model, capacity: Capacity | undefined): ModelProfile | undefined {
  return profile && (profileAt(profile, capacity?.at) ?? profile);
}

/** Adds the resources that are derived from the sizing. */
export function sizedResources(resources: ComputeResources, sizing: Sizing | undefined): ComputeResources {
  if (!sizing) return resources;
  const { cpu = sizing.cpus, cpuLimit, memoryMiB = sizing.memoryMiB } = resources;
  return { cpu, cpuLimit, memoryMiB };
}
