import { contradicts, symbolSizes, type TrialReport, type TrialRun } from '../contract/load-messages';
import type { Signature } from '../contract/signature';
import { messageOf } from '../base/errors';
import type { Session } from '../inference/session';
import type { Tensor } from '../tensor/tensor';
import type { TrialValues } from '../inference/trial-values';
import { FreeDimensions } from './free-dimensions';
import { extraSizes, partialSizes, trialSizes, type TrialSizes } from './trial-sizes';

/** Maximum number of attempts to find sizes that the model accepts. */
const MAX_ATTEMPTS = 80;

/** Maximum number of elements of all inputs of one run. */
const MAX_ELEMENTS = 2 ** 24;

/** Maximum number of elements of all inputs of one run, if not all sizes are fixed. */
const MAX_FREE_ELEMENTS = 2 ** 22;

/**
 * Maximum number of elements of all inputs of one extra run. The limit is a size, not a time, so that a busy machine
 * gets the same result.
 */
const MAX_EXTRA_ELEMENTS = 2 ** 17;

/** Maximum number of ids in an extra run, because attention over more ids needs too much memory. */
const MAX_EXTRA_IDS = 1024;

/** Further values, for models in which the number of results depends on the values. */
const OTHER_VALUES: readonly TrialValues[] = [{ at: () => 0 }, { at: wave(3), large: true }, { at: () => 1 }];

/**
 * Ones instead of values that may be zero or negative, because models refuse a length or scale of 0 more often than a
 * length or scale of 1.
 */
const POSITIVE: TrialValues = { at: () => 1 };

/**
 * Runs a model with generated inputs, with two sizes of each free dimension if the model accepts them.
 *
 * @param report Called for each run that succeeds, and once with the reason if too few runs succeed.
 * @returns Sizes of the free dimensions that the model accepts.
 */
export function tryShapes(
  session: Session,
  signature: Signature,
  report: (line: TrialReport) => void,
): readonly number[] | undefined {
  const trial = new Trial(session, signature, report);
  const found = trial.findSizes();
  if (!found) {
    report({ stopped: trial.refusal ?? 'no sizes were tried' });
    return undefined;
  }
  trial.vary(found);
  if (trial.isContradicted) trial.tryMore(found);
  return found.first;
}

/** Generates inputs of the smallest sizes that a model accepts; undefined if it refuses all. */
export function acceptedInputs(session: Session, signature: Signature): readonly Tensor[] | undefined {
  const trial = new Trial(session, signature, () => {});
  const found = trial.findSizes();
  return found && trial.inputs(found.first);
}

class Trial {
  /** Whether the shape of an output contradicted the declaration. */
  isContradicted = false;
  /** The runtime's message for the first attempt that failed. */
  refusal?: string;
  private readonly free: FreeDimensions;
  /** For each free dimension, the sizes with which a run succeeded. */
  private readonly sizesRun: readonly Set<number>[];
  private values: TrialValues = { at: wave(1) };

  constructor(
    private readonly session: Session,
    private readonly signature: Signature,
    private readonly report: (line: TrialReport) => void,
  ) {
    this.free = new FreeDimensions(signature);
    this.sizesRun = this.free.areRows.map(() => new Set());
  }

  /** Finds sizes whose first combination the model accepts. */
  findSizes(): TrialSizes | undefined {
    let attempts = 0;
    for (const sizes of trialSizes(this.free.areRows)) {
      for (const values of [this.values, POSITIVE]) {
        if (attempts++ === MAX_ATTEMPTS) return undefined;
        if (!this.run(sizes.first, values)) continue;
        this.values = values;
        return sizes;
      }
    }
    return undefined;
  }

  /** Runs the model at other sizes, changing all free dimensions at once if the model accepts that. */
  vary(sizes: TrialSizes): void {
    if (this.free.count === 0) return;
    for (const next of sizes.next) if (this.run(next, this.values)) return;
    for (const partial of partialSizes(sizes, this.free.areRows)) {
      if (this.sizesRun.every((seen) => seen.size > 1)) return;
      this.run(partial, this.values);
    }
  }

  /**
   * Finds out which output sizes are really fixed. Other sizes depend on values, or do not change while inputs are
   * small.
   */
  tryMore(sizes: TrialSizes): void {
    for (const values of OTHER_VALUES) this.runExtra(sizes.first, values);
    for (const extra of extraSizes(sizes, this.free.areRows)) this.runExtra(extra, this.values);
  }

  /** Generates inputs of the given sizes, with values that the model accepts. */
  inputs(sizes: readonly number[], values = this.values): Tensor[] {
    return this.free.inputs(sizes, values);
  }

  private runExtra(sizes: readonly number[], values: TrialValues): void {
    const hasIds = this.signature.inputs.some(({ datatype }) => !datatype.startsWith('FP'));
    if (hasIds && Math.max(...sizes) > MAX_EXTRA_IDS) return;
    if (this.free.elements(sizes) <= MAX_EXTRA_ELEMENTS) this.run(sizes, values);
  }

  private run(sizes: readonly number[], values: TrialValues): boolean {
    const elements = this.free.elements(sizes);
    if (elements > (this.free.count === 0 ? MAX_ELEMENTS : MAX_FREE_ELEMENTS)) {
      this.refusal ??= `its inputs have ${elements} elements`;
      return false;
    }
    try {
      const inputs = this.inputs(sizes, values);
      const results = this.session.run({ inputs, outputs: this.signature.outputs.map(({ name }) => name) }).outputs;
      this.sizesRun.forEach((seen, index) => seen.add(sizes[index]!));
      this.note({ inputs: inputs.map(({ shape }) => shape), outputs: results.map(({ shape }) => shape) });
      return true;
    } catch (error) {
      this.refusal ??= messageOf(error);
      return false;
    }
  }

  private note(run: TrialRun): void {
    const sizes = symbolSizes(this.signature, run);
    this.isContradicted ||= this.signature.outputs.some((output, i) => contradicts(run.outputs[i]!, output, sizes));
    this.report({ run });
  }
}

/** Returns a function with values between -1 and 1; different phases give different values. */
function wave(phase: number): (index: number) => number {
  return (index) => Math.sin(phase + index);
}
