import { installGlobals } from './globals';
import { watchQueues } from './watch-queues';
import { World } from './world';

export interface Outcome {
  /** Schedules that ran. */
  readonly schedules: number;
  readonly happenings: number;
  /** Requests by the status of their answers. */
  readonly answers: Readonly<Record<number, number>>;
  /** What was seen in the last schedule, if it must never be. */
  readonly violation?: { readonly seed: number; readonly what: string };
}

export interface Simulation {
  /** Of the first schedule; each has the next number. */
  readonly seed: number;
  /** How many, unless one shows a violation. */
  readonly schedules: number;
  /** Is told what happens, a line each. */
  readonly say?: (line: string) => void;
}

/** Runs schedules one after the other, up to the first violation. The process is of no use for anything else meanwhile. */
export async function simulate({ seed: first, schedules, say }: Simulation): Promise<Outcome> {
  let world: World | undefined;
  const { setImmediate: nextTurn } = globalThis;
  const { stackTraceLimit } = Error;
  // Stacks take a fifth of the time, and a seed has them made again.
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
      // Node looks for rejections that nobody handles in turns of the real loop.
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
