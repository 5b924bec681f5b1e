import type { ContainerConfig } from '@cdktf/provider-docker/lib/container';
import { asText, wholeProduct } from '../tokens';

/** Microseconds over which Docker counts a container's CPU time. */
const CPU_PERIOD = 100_000;

/** A limit of CPU time; without one the container may use all of the host's. */
export function cpuLimit(cpus: number | undefined): Pick<ContainerConfig, 'cpuPeriod' | 'cpuQuota'> {
  // Not the argument cpus: provider 3.6.2 crashes on it.
  return cpus === undefined ? {} : { cpuPeriod: CPU_PERIOD, cpuQuota: wholeProduct(cpus, CPU_PERIOD) };
}

/** Provider 3.6.2 says that it changes a quota and does not; a changed label makes it replace the container. */
export function cpuLabel(cpus: number | undefined): Record<string, string> {
  return cpus === undefined ? {} : { 'model-serving.cpus': asText(cpus) };
}

/** A memory limit without swap. */
export function memoryLimit(memoryMiB: number): Pick<ContainerConfig, 'memory' | 'memorySwap'> {
  // Without memorySwap the provider finds a difference at every plan; equal to memory it means no swap.
  return { memory: memoryMiB, memorySwap: memoryMiB };
}
