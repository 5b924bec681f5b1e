import type { OnnxModel } from '../model/onnx-model';
import type { ModelProfile } from '../profile/model-profile';
import { profileAt } from '../profile/profile-at';
import type { Sizing } from '../profile/sizing';
import type { ServingOptions } from '../serving-options';
import { sizingOf } from '../workload/sizing';
import type { Capacity } from './capacity';
import type { ComputeResources } from './compute-resources';

/** What a replica's sizes follow from, besides its model. */
interface SizedProps {
  readonly serving?: ServingOptions;
  readonly resources?: ComputeResources;
  readonly capacity?: Capacity;
}

/** The sizes of a replica, where its model has a profile. */
export function replicaSizing(
  model: OnnxModel,
  { serving = {}, resources = {}, capacity }: SizedProps,
): Sizing | undefined {
  const { cpu, cpuLimit = cpu, memoryMiB } = resources;
  const limit = cpuLimit === 'none' ? undefined : cpuLimit;
  // Kubernetes sets aside a limit that stands alone.
  const given = { cpuRequest: cpu === 'none' ? limit : cpu, cpuLimit: limit, memoryMiB };
  return sizingOf(model, serving, given, capacityProfile(model, capacity));
}

/** The profile of a model at the sizes that its capacity names; where it was not measured at those, which is an error, as it is. */
export function capacityProfile({ profile }: OnnxModel, capacity: Capacity | undefined): ModelProfile | undefined {
  return profile && (profileAt(profile, capacity?.at) ?? profile);
}

/** The resources with what was derived. */
export function sizedResources(resources: ComputeResources, sizing: Sizing | undefined): ComputeResources {
  if (!sizing) return resources;
  const { cpu = sizing.cpus, cpuLimit, memoryMiB = sizing.memoryMiB } = resources;
  return { cpu, cpuLimit, memoryMiB };
}
