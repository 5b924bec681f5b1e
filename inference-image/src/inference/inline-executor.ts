import type { Signature } from '../contract/signature';
import type { Executor, Run, RunResult } from './executor';
import type { Session } from './session';

/**
 * The longest run that is worth keeping on the main thread. Sending a run to another thread and back takes about 50 µs
 * and keeps the event loop busy for part of it, so a run of twice that costs the loop little more than the hop would.
 */
export const INLINE_RUN_SECONDS = 100e-6;

/** A second copy of the weights, loaded while the event loop waits, must be small. */
const INLINE_MODEL_BYTES = 16 * 1024 * 1024;

/** A run that held up the event loop for this long was a misjudgement. */
const MISJUDGED_SECONDS = 10e-3;

/** How far beyond the largest run that was measured its time is believed to go on as it did. */
const MAX_EXTRAPOLATION = 16;

/** How a model ran in an executor. */
export interface Measurement {
  /** Median time of one run. */
  readonly runSeconds: number;
  /** Elements of all inputs of that run. */
  readonly elements: number;
  /** A run of more rows, where nothing but their number differs from run to run. */
  readonly batch?: Omit<Measurement, 'batch'>;
}

/**
 * Runs a fast model on the main thread, where nothing else runs: one client then waits for the model and not for two
 * threads to wake each other.
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
      !signature.inputs.some(timeIsNoGuide)
    );
  }

  /** @param elements Of all inputs of a run, or of several that are to follow each other. */
  accepts(elements: number): boolean {
    return !this.misjudged && elements <= this.maxElements;
  }

  /** Returns at once: even one turn of the event loop would cost a small request a twentieth of its time. */
  run(run: Run): RunResult {
    const result = this.session.run(run);
    // Run time depends on more than the size of the input: once is enough, for a client could do it again.
    if (result.runSeconds > MISJUDGED_SECONDS) this.misjudged = true;
    return result;
  }

  release(): void {
    this.session.release();
  }
}

/** The largest input whose run takes no longer; a larger one goes to an executor. */
function elementsWithin(seconds: number, { runSeconds, elements, batch }: Measurement): number {
  // Of a small model most is what every run costs, and to take all of it to grow with the input would be far too much.
  const slope = batch ? (batch.runSeconds - runSeconds) / (batch.elements - elements) : runSeconds / elements;
  const most = batch ? MAX_EXTRAPOLATION * batch.elements : Infinity;
  return Math.min(most, elements + (seconds - runSeconds) / Math.max(slope, Number.MIN_VALUE));
}

/**
 * Scalars and short lists of integers may say how often a loop runs or how large a tensor grows, and texts are of any
 * length: how long one such run took says nothing of the next.
 */
function timeIsNoGuide({ datatype, dimensions }: Signature['inputs'][number]): boolean {
  if (datatype === 'BYTES' || dimensions.length === 0) return true;
  const fixed = dimensions.filter((size) => typeof size === 'number');
  const mayBeShort = dimensions.length === 1 || (fixed.length > 0 && fixed.every((size) => size === 1));
  return mayBeShort && /^U?INT/.test(datatype);
}
