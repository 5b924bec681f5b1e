import { installGlobals } from './globals';
import { watchQueues } from './watch-queues';
import { World } from './world';

export interface Outcome {
  /** Number of schedules that ran. */
  readonly schedules: number;
  readonly happenings: number;
  /** Number of responses by status. */
  readonly answers: Readonly<Record<number, number>>;
  /** Violation in the last schedule. */
  readonly violation?: { readonly seed: number; readonly what: string };
}

export interface Simulation {
  /** Seed of the first schedule; each further schedule increments it. */
  readonly seed: number;
  /** Number of schedules to run if none violates a rule. */
  readonly schedules: number;
  /** Called with each line of the trace, which has one line per event. */
  readonly say?: (line: string) => void;
}

/** Runs schedules one after another until one violates a rule. The process cannot do other work in the meantime. */
export async function simulate({ seed: first, schedules, say }: Simulation): Promise<Outcome> {
  let world: World | undefined;
  const { setImmediate: nextTurn } = globalThis;
  const { stackTraceLimit } = Error;
  // Disables stack traces, because capturing them takes a fifth of the run time. To get one, repeat the schedule with
  // `--seed` and `--trace`.
  if (!say) Error.stackTraceLimit = 0;
  const restore = [installGlobals(() => world as World), watchQueues(() => (world as World).witness)];
  const onRejection = (error: unknown) => world?.violate(`the process crashes: ${(error as Error).stack}`);
  process.on('unhandledRejection', onRejection);
  const answers: Record<number, number> = {};
  let happenings = 0;
  try {
    for (let i = 0; i < schedules; i++) {
      const seed = first + i;
      world = new World(seed, say);
      happenings += await world.run();
      // Node detects unhandled rejections between turns of the real loop.
      await new Promise((resolve) => nextTurn(resolve));
      for (const { status = 0 } of world.witness.asked) answers[status] = (answers[status] ?? 0) + 1;
      const { violation: what } = world;
      if (what !== undefined) return { schedules: i + 1, happenings, answers, violation: { seed, what } };
    }
  } finally {
    process.off('unhandledRejection', onRejection);
    for (const each of restore) each();
    Error.stackTraceLimit = stackTraceLimit;
  }
  return { schedules, happenings, answers };
}
