import type { ModelProfile } from './model-profile';

/** The most that a server with so many executors takes, in MiB. */
export function peakMemoryMiB({ memory }: ModelProfile, executors: number): number {
  return Math.ceil(memory.peakMiB + (executors - 1) * memory.executorMiB);
}
