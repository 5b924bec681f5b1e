import type { ModelProfile } from '../profile/model-profile';

/** Peak memory of a server with this number of executors, in MiB. */
export function peakMemoryMiB({ memory }: ModelProfile, executors: number): number {
  return Math.ceil(memory.peakMiB + (executors - 1) * memory.executorMiB);
}
