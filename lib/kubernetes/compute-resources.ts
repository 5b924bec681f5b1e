import type { DeploymentV1SpecTemplateSpecContainerResources } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Fn, Token } from 'cdktf';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/settings';
import { defaultMemoryMiB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';
import type { ServingOptions } from '../serving-options';
import { wholeQuotient } from '../tokens';
import { decimalQuantity, memoryQuantity } from './quantities';

/** What each replica gets of its node. */
export interface ComputeResources {
  /**
   * CPUs that are set aside for each replica, such as 0.5 or 2; `none` sets nothing aside.
   * @default - what the model's profile says that a replica uses; without a profile 1
   */
  readonly cpu?: number | 'none';
  /**
   * CPUs that a replica may use; the server's threads follow. With `none` it may use what its node has to spare, and
   * the threads follow `cpu`.
   * @default - as `cpu`
   */
  readonly cpuLimit?: number | 'none';
  /**
   * Memory in MiB, both set aside and the limit.
   * @default - by the model's profile; without one 512 MiB or what requests need, and the weights once more than there
   * are executors; for a model that takes pictures 24 bytes for each pixel of `picture.maxPixels` besides
   */
  readonly memoryMiB?: number;
}

/** What is set aside of CPU time, if anything: Kubernetes sets aside a limit that stands alone. */
export function cpuRequest({ cpu = 1, cpuLimit = cpu }: ComputeResources): number | undefined {
  const request = cpu === 'none' ? cpuLimit : cpu;
  return request === 'none' ? undefined : request;
}

/** Requests and limits of the container. */
export function computeResources(
  resources: ComputeResources,
  model: OnnxModel,
  serving: ServingOptions,
): DeploymentV1SpecTemplateSpecContainerResources {
  const { cpu = 1, cpuLimit = cpu, memoryMiB = defaultMemoryMiB(model, serving) } = resources;
  const request = cpuRequest(resources);
  const memory = memoryQuantity(memoryMiB);
  return {
    requests: { ...(request !== undefined && { cpu: decimalQuantity(request) }), memory },
    limits: { ...(cpuLimit !== 'none' && { cpu: decimalQuantity(cpuLimit) }), memory },
  };
}

/**
 * The server takes its threads from the CPU limit. Without one it would take one for each CPU of its node, so the CPUs
 * that are set aside decide.
 */
export function withThreads(serving: ServingOptions, resources: ComputeResources): ServingOptions {
  const { cpuLimit = resources.cpu } = resources;
  const request = cpuRequest(resources);
  const { executors = SETTING_DEFAULTS.executors, threadsPerExecutor } = serving;
  if (cpuLimit !== 'none' || threadsPerExecutor !== undefined) return serving;
  return { ...serving, threadsPerExecutor: threads(request ?? 1, executors) };
}

/**
 * How much CPU time runs of the model can take in a replica: threads are whole, so 1.5 CPUs are used by one. What the
 * server takes besides, to read and write requests, is not to be relied on. Undefined where only the plan knows.
 */
export function usableCpus(serving: ServingOptions, resources: ComputeResources): number | undefined {
  const { cpu = 1, cpuLimit = cpu } = resources;
  const { executors = SETTING_DEFAULTS.executors, threadsPerExecutor } = serving;
  const limit = cpuLimit === 'none' ? Infinity : cpuLimit;
  const shared = cpuLimit === 'none' ? (cpuRequest(resources) ?? 1) : cpuLimit;
  if ([limit, shared, executors, threadsPerExecutor].some(Token.isUnresolved)) return undefined;
  return Math.min(limit, executors * (threadsPerExecutor ?? threads(shared, executors)));
}

/** What each executor gets of the CPUs, by Terraform where it alone knows one of them. */
function threads(cpus: number, executors: number): number {
  const share = wholeQuotient(cpus, executors);
  return Token.isUnresolved(share) ? Fn.max([1, share]) : Math.max(1, share);
}
