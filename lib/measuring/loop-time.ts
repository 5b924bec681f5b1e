/** CPU times during one load. */
export interface CpuTimes {
  /** CPU time of the whole server, in seconds. */
  readonly cpuSeconds: number;
  /** Wall-clock time of all runs. It exceeds their CPU time if the runs waited for a CPU. */
  readonly runSeconds: number;
  readonly runs: number;
  /** CPU time of the event loop's thread, if the system reports it. */
  readonly threadSeconds?: number;
}

/** Runs shorter than this may execute on the event loop's thread and block it. */
const INLINE_RUN_SECONDS = 100e-6;

/**
 * CPU time that the server spends outside the model's runs: the larger of two estimates, both of which may be too low.
 * The CPU time of the event loop's thread excludes the threads that collect garbage and parse large requests. The
 * server's CPU time minus the wall-clock time of its runs is too low if runs waited for a CPU.
 */
export function loopTime({ cpuSeconds, runSeconds, runs, threadSeconds }: CpuTimes): number {
  if (threadSeconds !== undefined) return Math.max(threadSeconds, cpuSeconds - runSeconds);
  return runSeconds < runs * INLINE_RUN_SECONDS ? cpuSeconds : Math.max(0, cpuSeconds - runSeconds);
}
