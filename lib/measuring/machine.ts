import { totalmem } from 'node:os';
import { inMiB } from '../sizing/memory';
import { cpuName, measureCpuSpeed } from './cpu-speed';
import type { Machine } from '../profile/model-profile';

/**
 * @param cpus - CPUs that the quota allows this process to use
 * @param otherLoad - share of CPU time used by other processes
 */
export function thisMachine(cpus: number, otherLoad: number): Machine {
  // Without a memory limit, the function returns undefined, 0 or, with cgroup v1, a huge number.
  const limit = process.constrainedMemory() || Infinity;
  return {
    cpu: cpuName(),
    cpus,
    cpuSpeed: measureCpuSpeed(),
    memoryMiB: inMiB(Math.min(totalmem(), limit)),
    platform: `${process.platform}/${process.arch}`,
    node: process.version,
    otherLoad,
  };
}
