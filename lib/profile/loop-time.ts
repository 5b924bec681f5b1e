/** Of one load. */
export interface CpuTimes {
  /** CPU time of the whole server, in seconds. */
  readonly cpuSeconds: number;
  /** How long the runs took: more than their CPU time where they had to wait for a CPU. */
  readonly runSeconds: number;
  readonly runs: number;
  /** CPU time of the event loop's thread, where the system tells. */
  readonly threadSeconds?: number;
}

/** The server may make shorter runs on the event loop's thread, which can do nothing else meanwhile. */
const INLINE_RUN_SECONDS = 100e-6;

/**
 * What the event loop took, by two figures of which each may be too little: its thread alone, since other threads
 * collect garbage and read large requests; and all but the runs, since those may have had to wait for a CPU.
 */
export function loopTime({ cpuSeconds, runSeconds, runs, threadSeconds }: CpuTimes): number {
  if (threadSeconds !== undefined) return Math.max(threadSeconds, cpuSeconds - runSeconds);
  return runSeconds < runs * INLINE_RUN_SECONDS ? cpuSeconds : Math.max(0, cpuSeconds - runSeconds);
}
