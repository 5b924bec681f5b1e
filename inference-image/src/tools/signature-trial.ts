import type { TrialReport, TrialRun } from '../contract/load-run';
import { contradicts, symbolSizes } from '../contract/shape-claims';
import type { Datatype, Signature } from '../contract/signature';
import { messageOf } from '../errors';
import type { Session } from '../inference/session';
import { trialTensor, type TrialValues } from '../inference/trial-values';
import { FreeDimensions } from './free-dimensions';
import { partialSizes, trialSizes, type TrialSizes } from './trial-sizes';

/** Attempts to find sizes that the model takes. */
const MAX_ATTEMPTS = 64;

/** Elements of all inputs of one run. */
const MAX_ELEMENTS = 2 ** 24;

/** Elements of one run whose sizes are not all fixed. */
const MAX_FREE_ELEMENTS = 2 ** 22;

/** Beside the usual ones, for models whose results depend on values in their number. */
const OTHER_VALUES: readonly TrialValues[] = [{ at: () => 0 }, { at: wave(3), large: true }, { at: () => 1 }];

/** Ones where the usual values have zeros as well: a length of 0 is refused more often than one of 1. */
const POSITIVE: TrialValues = { at: () => 1 };

const INTEGERS: ReadonlySet<Datatype> = new Set(
  (['UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64', 'BOOL'] as const).map((type) => type),
);

/**
 * Runs a model with made-up inputs, at two sizes of each free dimension where it takes them.
 *
 * @param report - called for each run that succeeds, and once with the reason where there are too few
 */
export function tryShapes(session: Session, signature: Signature, report: (line: TrialReport) => void): void {
  const trial = new Trial(session, signature, report);
  const found = trial.findSizes();
  if (!found) return report({ stopped: trial.refusal ?? 'no sizes were tried' });
  trial.vary(found);
  if (trial.isContradicted) trial.tryOtherValues(found.first);
}

class Trial {
  /** Whether an output was not as declared. */
  isContradicted = false;
  /** What the runtime said of the first attempt that failed. */
  refusal?: string;
  private readonly free: FreeDimensions;
  private values: TrialValues = { at: wave(1) };

  constructor(
    private readonly session: Session,
    private readonly signature: Signature,
    private readonly report: (line: TrialReport) => void,
  ) {
    this.free = new FreeDimensions(signature);
  }

  /** Sizes of which the model takes the first. */
  findSizes(): TrialSizes | undefined {
    const canTry = this.signature.inputs.some(({ datatype }) => INTEGERS.has(datatype))
      ? [this.values, POSITIVE]
      : [this.values];
    let attempts = 0;
    for (const sizes of trialSizes(this.free)) {
      for (const values of canTry) {
        if (attempts++ === MAX_ATTEMPTS) return undefined;
        if (!this.run(sizes.first, values)) continue;
        this.values = values;
        return sizes;
      }
    }
    return undefined;
  }

  /** Runs it at other sizes, of all free dimensions at once where it takes them. */
  vary(sizes: TrialSizes): void {
    if (this.free.count === 0 || this.run(sizes.second, this.values)) return;
    for (const partial of partialSizes(sizes, this.free.areRows)) this.run(partial, this.values);
  }

  tryOtherValues(sizes: readonly number[]): void {
    for (const values of OTHER_VALUES) this.run(sizes, values);
  }

  private run(sizes: readonly number[], values: TrialValues): boolean {
    const elements = this.free.elements(sizes);
    if (elements > (this.free.count === 0 ? MAX_ELEMENTS : MAX_FREE_ELEMENTS)) {
      this.refusal ??= `its inputs have ${elements} elements`;
      return false;
    }
    try {
      const shapes = this.free.shapes(sizes);
      const { inputs, outputs } = this.signature;
      const tensors = inputs.map(({ name, datatype }, i) => trialTensor({ name, datatype, shape: shapes[i]! }, values));
      const results = this.session.run({ inputs: tensors, outputs: outputs.map(({ name }) => name) }).outputs;
      this.note({ inputs: shapes, outputs: results.map(({ shape }) => shape) });
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

/** Values between -1 and 1 that differ from run to run. */
function wave(phase: number): (index: number) => number {
  return (index) => Math.sin(phase + index);
}
