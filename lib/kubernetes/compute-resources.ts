import type { DeploymentV1SpecTemplateSpecContainerResources } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Fn, Token } from 'cdktf';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import type { ServingOptions } from '../terraform/serving-options';
import { asText, wholeQuotient } from '../terraform/tokens';

/**
 * Formats a number as Kubernetes returns it, so that plans stay empty: `2`, `500m`, `1k`. Rounds up to a thousandth.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
 */
export function decimalQuantity(value: number): string {
  if (Token.isUnresolved(value)) return asText(value);
  return canonical(Math.ceil(Number((value * 1000).toPrecision(12))), 1000, ['m', '', 'k', 'M', 'G', 'T', 'P']);
}

/** Formats memory as Kubernetes returns it: `512Mi`, `2Gi`. */
export function memoryQuantity(mebibytes: number): string {
  return Token.isUnresolved(mebibytes) ? `${asText(mebibytes)}Mi` : canonical(mebibytes, 1024, ['Mi', 'Gi', 'Ti']);
}

/** Formats an amount in the largest unit that gives an integer. */
function canonical(amount: number, step: number, units: readonly string[]): string {
  const [unit, ...larger] = units;
  return amount % step === 0 && larger.length > 0 ? canonical(amount / step, step, larger) : `${amount}${unit}`;
}

/** Resources of each replica. */
export interface ComputeResources {
  /**
   * CPU request of each replica, such as 0.5 or 2; `none` sets no request.
   * @default - the CPUs that a replica uses according to the model's profile; without a profile, 1
   */
  readonly cpu?: number | 'none';
  /**
   * CPU limit of each replica; it determines the number of the server's threads. With `none`, a replica may use all
   * idle CPUs of its node, and `cpu` determines the threads.
   * @default - the value of `cpu`
   */
  readonly cpuLimit?: number | 'none';
  /**
   * Memory request and limit in MiB.
   * @default - derived from the model's profile. Without a profile, 512 MiB (or more if requests need more), the size
   * of the weights for each executor, and that size once more. A model that accepts pictures gets 24 more bytes for
   * each pixel of `picture.maxPixels`
   */
  readonly memoryMiB?: number;
}

/** CPU request, if there is one. Without a request, Kubernetes uses the limit. */
export function cpuRequest({ cpu = 1, cpuLimit = cpu }: ComputeResources): number | undefined {
  const request = cpu === 'none' ? cpuLimit : cpu;
  return request === 'none' ? undefined : request;
}

/** Resource requests and limits of the container. */
export function computeResources(
  resources: ComputeResources,
  memoryMiB: number,
): DeploymentV1SpecTemplateSpecContainerResources {
  const { cpu = 1, cpuLimit = cpu } = resources;
  const request = cpuRequest(resources);
  const memory = memoryQuantity(memoryMiB);
  return {
    requests: { ...(request !== undefined && { cpu: decimalQuantity(request) }), memory },
    limits: { ...(cpuLimit !== 'none' && { cpu: decimalQuantity(cpuLimit) }), memory },
  };
}

/**
 * Sets the number of threads if there is no CPU limit. The server derives its threads from the limit; without one, it
 * would use all CPUs of its node instead of the requested ones.
 */
export function withThreads(serving: ServingOptions, resources: ComputeResources): ServingOptions {
  const { cpuLimit = resources.cpu } = resources;
  const request = cpuRequest(resources);
  const { executors = SETTING_DEFAULTS.executors, threadsPerExecutor } = serving;
  if (cpuLimit !== 'none' || threadsPerExecutor !== undefined) return serving;
  return { ...serving, threadsPerExecutor: threads(request ?? 1, executors) };
}

/**
 * CPUs that runs of the model can use in a replica. A thread uses at most one CPU, so a replica with 1.5 CPUs and one
 * thread uses only 1. The server's own CPU time for requests and responses is not counted. Undefined if a value is a
 * Terraform token.
 */
export function usableCpus(serving: ServingOptions, resources: ComputeResources): number | undefined {
  const { cpu = 1, cpuLimit = cpu } = resources;
  const { executors = SETTING_DEFAULTS.executors, threadsPerExecutor } = serving;
  const limit = cpuLimit === 'none' ? Infinity : cpuLimit;
  const shared = cpuLimit === 'none' ? (cpuRequest(resources) ?? 1) : cpuLimit;
  if ([limit, shared, executors, threadsPerExecutor].some(Token.isUnresolved)) return undefined;
  return Math.min(limit, executors * (threadsPerExecutor ?? threads(shared, executors)));
}

/** Number of threads of each executor. Terraform computes it if a value is a token. */
function threads(cpus: number, executors: number): number {
  const share = wholeQuotient(cpus, executors);
  return Token.isUnresolved(share) ? Fn.max([1, share]) : Math.max(1, share);
}
