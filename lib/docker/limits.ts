import type { ContainerConfig } from '@cdktf/provider-docker/lib/container';
import { asText, wholeProduct } from '../terraform/tokens';

/** Period of Docker's CPU quota, in microseconds. */
const CPU_PERIOD = 100_000;

/** Container arguments for a CPU limit. Without a limit, the container may use all CPUs of the host. */
export function cpuLimit(cpus: number | undefined): Pick<ContainerConfig, 'cpuPeriod' | 'cpuQuota'> {
  // The argument `cpus` is not used because provider 3.6.2 crashes on it.
  return cpus === undefined ? {} : { cpuPeriod: CPU_PERIOD, cpuQuota: wholeProduct(cpus, CPU_PERIOD) };
}

/**
 * Label with the CPU limit. Provider 3.6.2 reports a changed quota as applied but does not apply it; a changed label
 * makes the provider replace the container.
 */
export function cpuLabel(cpus: number | undefined): Record<string, string> {
  return cpus === undefined ? {} : { 'model-serving.cpus': asText(cpus) };
}

/** Memory limit without swap. */
export function memoryLimit(memoryMiB: number): Pick<ContainerConfig, 'memory' | 'memorySwap'> {
  // Without memorySwap, the provider reports a difference in every plan. The same value as memory means no swap.
  return { memory: memoryMiB, memorySwap: memoryMiB };
}
