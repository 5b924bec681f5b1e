import type { OnnxModel } from '../model/onnx-model';
import type { Sizing } from '../profile/sizing';
import type { ServingOptions } from '../serving-options';
import { sizingOf } from '../workload/sizing';
import type { ComputeResources } from './compute-resources';

/** The sizes of a replica, where its model has a profile. */
export function replicaSizing(
  model: OnnxModel,
  { serving = {}, resources = {} }: { readonly serving?: ServingOptions; readonly resources?: ComputeResources },
): Sizing | undefined {
  const { cpu, cpuLimit = cpu, memoryMiB } = resources;
  const limit = cpuLimit === 'none' ? undefined : cpuLimit;
  // Kubernetes sets aside a limit that stands alone.
  return sizingOf(model, serving, { cpuRequest: cpu === 'none' ? limit : cpu, cpuLimit: limit, memoryMiB });
}

/** The resources with what was derived. */
export function sizedResources(resources: ComputeResources, sizing: Sizing | undefined): ComputeResources {
  if (!sizing) return resources;
  const { cpu = sizing.cpus, cpuLimit, memoryMiB = sizing.memoryMiB } = resources;
  return { cpu, cpuLimit, memoryMiB };
}
