import type { Choices } from '../support/random-graphs/choices';

/** Everything in which schedules differ, except for the times of events. */
export interface Settings {
  readonly executors: number;
  readonly maxBatchSize: number;
  readonly splitsLarger: boolean;
  readonly maxBatchDelaySeconds: number;
  readonly maxQueueLength: number;
  readonly maxQueueRows: number;
  readonly maxQueueBytes: number;
  readonly queueTimeoutSeconds: number;
  readonly budgetBytes: number;
  readonly maxConnections: number;
  readonly drainSeconds: number;
  readonly threads: ThreadSettings;
  /**
   * Maximum number of elements in the inputs of a run on the main thread; 0 for a slow model, which never runs there.
   */
  readonly inlineElements: number;
  readonly inlineMisjudgedChance: number;
  readonly clients: number;
  /** Maximum number of requests of one client. */
  readonly requests: number;
  /** Period in which clients arrive. */
  readonly arrivalMs: number;
  /** Maximum number of rows of a request. */
  readonly rows: number;
  /** Fractions of requests for which the client does something unusual. */
  readonly chances: ClientChances;
  readonly signalMs: number;
  readonly secondSignalMs?: number;
  readonly signal: NodeJS.Signals;
  /** Time at which a trial finds that rows influence each other; undefined if none does. */
  readonly stopsSharingMs?: number;
}

export interface ThreadSettings {
  readonly loadMs: number;
  readonly runMs: number;
  readonly failChance: number;
  readonly deathChance: number;
  /** Whether outputs of shared runs have one row too many. */
  readonly isCoupled: boolean;
}

export interface ClientChances {
  readonly deadline: number;
  readonly leaves: number;
  readonly sendsSlowly: number;
  readonly neverEnds: number;
  readonly readsSlowly: number;
}

/** Chooses settings. Limits are small, so that all of them are reached. */
export function settingsOf(choices: Choices): Settings {
  const maxBatchSize = choices.pick([1, 2, 4, 8]);
  const maxBatchDelaySeconds = choices.pick([0, 0, 0, 0.002, 0.02]);
  const maybe = (chance: number, of: number) => (choices.chance(chance) ? of : 0);
  /** Whether clients arrive over a longer period than the budget allows a client to wait. */
  const isLong = choices.chance(0.03);
  const arrivalMs = isLong ? 4000 : choices.pick([0, 5, 50, 200]);
  const signalMs = (isLong ? 4000 : 150) * choices.next();
  return {
    executors: choices.pick([1, 1, 2, 3]),
    maxBatchSize,
    splitsLarger: choices.chance(0.5),
    maxBatchDelaySeconds,
    maxQueueLength: choices.pick([1, 2, 4, 8, 128]),
    maxQueueRows: choices.pick([2, 8, 32, 1024]),
    maxQueueBytes: choices.pick([16, 64, 256, 1_000_000]),
    // The library requires a timeout that is longer than the delay.
    queueTimeoutSeconds: choices.pick([maxBatchDelaySeconds + 0.01, 0.1, 10]),
    budgetBytes: 1024 * choices.pick([30, 60, 100, 100_000]),
    maxConnections: choices.pick([3, 1024]),
    drainSeconds: choices.pick([0, 0.03, 0.2]),
    threads: {
      loadMs: choices.pick([1, 20]),
      runMs: choices.pick([0.05, 1, 5, 20]),
      failChance: maybe(0.3, choices.pick([0.05, 0.3])),
      deathChance: maybe(0.2, choices.pick([0.02, 0.2])),
      isCoupled: choices.chance(0.05),
    },
    inlineElements: maxBatchDelaySeconds === 0 && choices.chance(0.3) ? choices.pick([1, 4, 16]) : 0,
    inlineMisjudgedChance: maybe(0.3, 0.1),
    clients: 1 + choices.below(8),
    requests: 1 + choices.below(4),
    arrivalMs,
    rows: choices.pick([1, 3, 10, 30]),
    chances: {
      deadline: maybe(0.4, 0.4),
      leaves: maybe(0.4, 0.3),
      sendsSlowly: maybe(0.4, 0.3),
      neverEnds: isLong ? 0.3 : maybe(0.05, 0.2),
      readsSlowly: maybe(0.3, 0.4),
    },
    signalMs,
    secondSignalMs: choices.chance(0.3) ? signalMs + 100 * choices.next() : undefined,
    signal: choices.chance(0.9) ? 'SIGTERM' : 'SIGINT',
    stopsSharingMs: choices.chance(0.05) ? 100 * choices.next() : undefined,
  };
}
