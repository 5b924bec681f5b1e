import { totalmem } from 'node:os';
import { inMiB } from '../memory';
import { cpuName, measureCpuSpeed } from './cpu-speed';
import type { Machine } from './model-profile';

/**
 * @param cpus - that a process here may use, by its quota
 * @param otherLoad - of other processes
 */
export function thisMachine(cpus: number, otherLoad: number): Machine {
  // Undefined or 0 where there is no limit; an absurd number where cgroup v1 has none.
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
