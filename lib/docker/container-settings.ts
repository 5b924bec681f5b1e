import type { ContainerConfig, ContainerHealthcheck } from '@cdktf/provider-docker/lib/container';
import type { Model } from '../model/model';
import type { ServingOptions } from '../terraform/serving-options';
import { asText, wholeProduct } from '../terraform/tokens';
import { type WorkloadSizes, workloadSizes } from '../terraform/workload-sizes';

/** Restrictions of the container. All are enabled by default and can be disabled individually. */
export interface Hardening {
  /**
   * Whether the container's file system is read-only.
   * @default true
   */
  readonly readOnlyRootFilesystem?: boolean;
  /**
   * Whether all Linux capabilities are dropped.
   * @default true
   */
  readonly dropCapabilities?: boolean;
  /**
   * Whether processes are prevented from gaining privileges, for example by setuid.
   * @default true
   */
  readonly noNewPrivileges?: boolean;
  /**
   * User and group as numeric `uid:gid`; `0:0` is root.
   * @default '65532:65532'
   */
  readonly user?: string;
}

/** Container arguments that enforce the restrictions. */
export function hardened(hardening: Hardening = {}): Partial<ContainerConfig> {
  const { readOnlyRootFilesystem = true, dropCapabilities = true, noNewPrivileges = true } = hardening;
  return {
    readOnly: readOnlyRootFilesystem,
    capabilities: dropCapabilities ? { drop: ['ALL'] } : undefined,
    securityOpts: noNewPrivileges ? ['no-new-privileges:true'] : undefined,
    user: hardening.user ?? '65532:65532',
  };
}

/** Sizes of a container: as the user set them, derived from the model's profile, or the defaults. */
export interface ContainerSizes extends WorkloadSizes {
  /** CPU limit; undefined if the container may use all CPUs of the host. */
  readonly cpus?: number;
}

/** Props that determine the sizes of a container, in addition to its model. */
interface SizeProps {
  readonly serving?: ServingOptions;
  readonly cpus?: number;
  readonly memoryMiB?: number;
}

/** Resolves the sizes of a container. */
export function containerSizes(model: Model, { serving = {}, cpus, memoryMiB }: SizeProps): ContainerSizes {
  const sizes = workloadSizes(model, serving, { cpuRequest: cpus, cpuLimit: cpus, memoryMiB });
  return { ...sizes, cpus: cpus ?? sizes.sizing?.cpus };
}

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

/** Limits of the container's log, which Docker otherwise keeps forever. */
export interface LogRotation {
  /** @default 10 */
  readonly maxSizeMiB?: number;
  /** @default 3 */
  readonly maxFiles?: number;
}

/** @see https://docs.docker.com/engine/logging/drivers/json-file/ */
export function rotated({ maxSizeMiB = 10, maxFiles = 3 }: LogRotation = {}): Partial<ContainerConfig> {
  return { logDriver: 'json-file', logOpts: { 'max-size': `${asText(maxSizeMiB)}m`, 'max-file': asText(maxFiles) } };
}

/**
 * Health check that passes once the model is ready. It runs a script in the image with node, without a shell.
 * @param startSeconds - time during which failures do not count
 */
export function healthCheck(nodePath: string, startSeconds: number): ContainerHealthcheck {
  return {
    test: ['CMD', nodePath, '/app/healthcheck.cjs'],
    interval: goDuration(5),
    timeout: goDuration(5),
    retries: 3,
    startPeriod: goDuration(startSeconds),
  };
}

/**
 * Formats a duration as the provider reads it back. The provider reads "120s" back as "2m0s", and would show the
 * difference in every plan.
 */
function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  return `${hours ? `${hours}h` : ''}${hours || minutes ? `${minutes}m` : ''}${seconds % 60}s`;
}
