import type { Signature } from '../contract/signature';
import type { Executor, Run, RunResult } from './executor';
import type { Session } from './session';

/**
 * Maximum duration of a run on the main thread. Sending a run to another thread and back takes about 50 µs and blocks
 * the event loop for part of that time. A run of 100 µs blocks the loop for little longer than that.
 */
export const INLINE_RUN_SECONDS = 100e-6;

/**
 * Size of the largest model for which a second copy of the weights is acceptable. Loading that copy blocks the event
 * loop.
 */
const INLINE_MODEL_BYTES = 16 * 1024 * 1024;

/** Duration of a single run above which the estimate is considered wrong. */
const MISJUDGED_SECONDS = 10e-3;

/** Maximum factor by which run time is extrapolated beyond the largest measured run. */
const MAX_EXTRAPOLATION = 16;

/** Measured run time of a model in an executor. */
export interface Measurement {
  /** Median time of one run, in seconds. */
  readonly runSeconds: number;
  /** Number of elements of all inputs of the measured run. */
  readonly elements: number;
  /** Measurement of a run with more rows, for a model whose runs differ only in their number of rows. */
  readonly batch?: Omit<Measurement, 'batch'>;
}

/**
 * Runs a fast model on the main thread, so that a single client waits only for the model, not for two threads to wake
 * each other.
 */
export class InlineExecutor implements Executor {
  private readonly maxElements: number;
  private misjudged = false;

  constructor(
    private readonly session: Session,
    measurement: Measurement,
  ) {
    this.maxElements = elementsWithin(INLINE_RUN_SECONDS, measurement);
  }

  static isWorthwhile(measurement: Measurement, modelBytes: number, signature: Signature): boolean {
    return (
      measurement.runSeconds < INLINE_RUN_SECONDS &&
      modelBytes <= INLINE_MODEL_BYTES &&
      !signature.inputs.some(hasUnpredictableTime)
    );
  }

  /**
   * Whether runs are short enough for the main thread.
   * @param elements Number of elements of all inputs of a run, or of several successive runs.
   */
  accepts(elements: number): boolean {
    return !this.misjudged && elements <= this.maxElements;
  }

  /** Runs synchronously, because even one turn of the event loop would make a small request take 5% longer. */
  run(run: Run): RunResult {
    const result = this.session.run(run);
    // Run time can depend on values as well as on sizes. A single long run ends inline runs, because a client could
    // repeat it.
    if (result.runSeconds > MISJUDGED_SECONDS) this.misjudged = true;
    return result;
  }

  release(): void {
    this.session.release();
  }
}

/** Number of input elements of the largest run that stays within a given time. */
function elementsWithin(seconds: number, { runSeconds, elements, batch }: Measurement): number {
  // For a small model, most of the time is a fixed cost of each run. Assuming that all of it grows with the input would
  // greatly overestimate the time of larger runs.
  const slope = batch ? (batch.runSeconds - runSeconds) / (batch.elements - elements) : runSeconds / elements;
  const limit = batch ? MAX_EXTRAPOLATION * batch.elements : Infinity;
  return Math.min(limit, elements + (seconds - runSeconds) / Math.max(slope, Number.MIN_VALUE));
}

/**
 * Whether the time of one run does not predict the time of the next run. Scalars and short lists of integers may set
 * the number of loop iterations or the size of a tensor, and strings may have any length.
 */
function hasUnpredictableTime({ datatype, dimensions }: Signature['inputs'][number]): boolean {
  if (datatype === 'BYTES' || dimensions.length === 0) return true;
  const fixed = dimensions.filter((size) => typeof size === 'number');
  const mayBeShort = dimensions.length === 1 || (fixed.length > 0 && fixed.every((size) => size === 1));
  return mayBeShort && /^U?INT/.test(datatype);
}
