import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The number of CPUs that this process may use, possibly a fraction: the smaller of its affinity and its cgroup's
 * quota. By default, onnxruntime counts the host's cores and is then throttled in a container with a CPU limit.
 * @param root Folder that contains /proc and /sys; tests pass a fake one.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 */
export function cpuQuota(root = '/', affinity = availableParallelism()): number {
  return Math.min(affinity, ...quotasV2(root), ...quotasV1(root));
}

/** Threads for each executor, at least one; the total stays within the quota if possible. */
export function defaultThreads(quota: number, executors: number): number {
  return Math.max(1, Math.floor(quota / executors));
}

/**
 * Quotas of the cgroup and its ancestors, because any of them may set a limit. Inside a container, the path is usually
 * `/`.
 */
function quotasV2(root: string): number[] {
  const own = /^0::(.*)$/m.exec(read(join(root, 'proc/self/cgroup')))?.[1] ?? '/';
  return ancestors(own).flatMap((path) => {
    const [quota, period] = read(join(root, 'sys/fs/cgroup', path, 'cpu.max')).split(/\s+/);
    return ratio(quota, period);
  });
}

function quotasV1(root: string): number[] {
  const own = /^\d+:(?:.*,)?cpu(?:,.*)?:(.*)$/m.exec(read(join(root, 'proc/self/cgroup')))?.[1] ?? '/';
  return ancestors(own).flatMap((path) => {
    const folder = join(root, 'sys/fs/cgroup/cpu', path);
    return ratio(read(join(folder, 'cpu.cfs_quota_us')), read(join(folder, 'cpu.cfs_period_us')));
  });
}

function ancestors(path: string): string[] {
  return path === '/' ? [path] : [path, ...ancestors(dirname(path))];
}

/** Quota as a number of CPUs; empty if there is no limit ("max" or -1). */
function ratio(quota: string | undefined, period: string | undefined): number[] {
  const cpus = Number(quota || NaN) / Number(period || NaN);
  return cpus > 0 && Number.isFinite(cpus) ? [cpus] : [];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
