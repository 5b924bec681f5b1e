import type { RowAxes } from '../contract/batching-verdict';
import type { RebatchReport } from '../contract/rebatch-messages';
import type { Signature } from '../contract/signature';
import type { Executor, Run } from '../inference/executor';
import { compareRow } from '../inference/row-comparison';
import { RowLayout } from '../inference/row-layout';
import { trialBatches, tryRows, type RowSource } from '../inference/row-trial';
import type { Session } from '../inference/session';
import { COMPUTED_ROWS, exampleRows, TrialRows } from '../inference/trial-rows';
import type { TrialRange } from '../inference/trial-values';
import { acceptedInputs } from './signature-trial';

/** Number of rows of the largest run. */
const LARGEST_BATCH = 8;

/** Ranges of values in order of preference, widest first. */
const RANGES: readonly TrialRange[] = ['wide', 'digits', 'bits'];

export interface ModelsToCompare {
  /** Model of one row. */
  readonly original: Session;
  /** The model's copy with a free number of rows. */
  readonly freed: Session;
  /** Signature of the original. */
  readonly signature: Signature;
  readonly axes: RowAxes;
  /** Requests of golden examples. */
  readonly examples: readonly Run[];
}

/** Result of comparing the rows of one source. */
type Comparison = { readonly difference: string } | { readonly rows: number; readonly largestDifference: number };

/**
 * Runs rows alone with the original model, and both alone and together with the freed model, and compares the results.
 * Like the server's own trial, it allows differences caused by rounding.
 */
export async function compareModels(models: ModelsToCompare): Promise<RebatchReport> {
  const layout = new RowLayout(models.signature, models.axes);
  const madeUp = await compareMadeUpRows(models, layout);
  if (madeUp && 'difference' in madeUp) return madeUp;
  const fromExamples = await compareExamples(models, layout);
  if (fromExamples && 'difference' in fromExamples) return fromExamples;
  return {
    madeUpRows: madeUp?.rows ?? 0,
    exampleRows: fromExamples?.rows ?? 0,
    largestBatch: madeUp ? LARGEST_BATCH : (fromExamples?.rows ?? 0),
    largestDifference: Math.max(madeUp?.largestDifference ?? 0, fromExamples?.largestDifference ?? 0),
  };
}

/** Compares generated rows; returns undefined if the original model refuses all of them. */
async function compareMadeUpRows(models: ModelsToCompare, layout: RowLayout): Promise<Comparison | undefined> {
  const { original, signature, axes, examples } = models;
  const outputs = signature.outputs.map(({ name }) => name);
  const inputs = acceptedInputs(original, signature) ?? examples[0]?.inputs;
  if (!inputs) return undefined;
  const template = { inputs, outputs };
  for (const keepsCommon of [true, false]) {
    for (const range of RANGES) {
      const source = new TrialRows({ signature, axes, template, keepsCommon, range });
      if (!takesRows(original, source)) continue;
      return compare(models, layout, source, trialBatches(LARGEST_BATCH), COMPUTED_ROWS);
    }
  }
  return undefined;
}

function takesRows(original: Session, source: RowSource): boolean {
  try {
    for (let index = 0; index < COMPUTED_ROWS; index++) original.run(source.run([index]));
    return true;
  } catch {
    return false;
  }
}

async function compareExamples(models: ModelsToCompare, layout: RowLayout): Promise<Comparison | undefined> {
  const rows = exampleRows(layout, models.examples);
  if (!rows) return undefined;
  const all = Array.from({ length: rows.count }, (_, index) => index);
  return compare(models, layout, rows, [all], rows.count);
}

async function compare(
  { original, freed }: ModelsToCompare,
  layout: RowLayout,
  source: RowSource,
  batches: readonly (readonly number[])[],
  rows: number,
): Promise<Comparison> {
  let largestDifference = 0;
  for (let index = 0; index < rows; index++) {
    const expected = original.run(source.run([index])).outputs;
    const got = freed.run(source.run([index])).outputs;
    for (const [i, output] of expected.entries()) {
      const { difference, excess } = compareRow(output, got[i]!, 'rounding');
      if (excess !== undefined) {
        return {
          difference: `for a single row, output ${JSON.stringify(output.name)} ${excess.replace('the output for the same row alone', "the original's")}`,
        };
      }
      largestDifference = Math.max(largestDifference, difference);
    }
  }
  // Single rows run on the original model, and batches on the rebatched copy.
  const executor: Executor = { run: (run) => (layout.rowsOf(run) === 1 ? original : freed).run(run) };
  const trial = await tryRows({ executor, layout, tolerance: 'rounding' }, source, batches, rows);
  if (trial.obstacle !== undefined) return { difference: trial.obstacle };
  return { rows, largestDifference: Math.max(largestDifference, trial.largestDifference) };
}
