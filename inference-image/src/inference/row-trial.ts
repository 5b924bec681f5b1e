import { messageOf } from '../base/errors';
import type { Executor, Run } from './executor';
import { compareRow, type RowTolerance } from './row-comparison';
import type { RowLayout } from './row-layout';
import type { Tensor } from '../tensor/tensor';

/** Result of running rows alone and together. */
export interface RowTrial {
  /** Reason that requests must not share runs; undefined if they may. */
  readonly obstacle?: string;
  /** Whether the model refused all rows, so that no comparison was made. */
  readonly isRefused?: boolean;
  /** Largest difference of a floating-point output, as a fraction of the largest magnitude in the row's output. */
  readonly largestDifference: number;
}

/** Source of rows for a trial. */
export interface RowSource {
  /** Creates a run of the rows with these numbers. Its data is new, because executors take ownership of it. */
  run(indices: readonly number[]): Run;
}

export interface RowTrialOptions {
  readonly executor: Executor;
  readonly layout: RowLayout;
  readonly tolerance: RowTolerance;
}

/**
 * Row numbers for batches of 2, of 3 and of the largest size; no batch contains a row twice. Rows 0 to 3 are also run
 * alone, and their results are compared; in the largest batch, these rows are at the beginning, at the end and in
 * between.
 */
export function trialBatches(maxBatchSize: number): number[][] {
  const batches = [[0, 1]];
  if (maxBatchSize > 2) batches.push([2, 3, 1]);
  if (maxBatchSize > 3) {
    const last = maxBatchSize - 1;
    const places = new Map([
      [0, 2],
      [Math.floor(last / 3), 1],
      [Math.floor((2 * last) / 3), 0],
      [last, 3],
    ]);
    // The rows that fill the batch are numbered from 4.
    batches.push(Array.from({ length: maxBatchSize }, (_, i) => places.get(i) ?? 4 + i));
  }
  return batches;
}

/**
 * Runs rows alone and together, and compares the results. Independence is already proved from the graph; the trial
 * detects rounding, and kernels that deviate from their operator's definition.
 * @param batches Row numbers of each batch; rows numbered `compared` or higher only fill the batch.
 * @throws The error of a run that fails.
 */
export async function tryRows(
  { executor, layout, tolerance }: RowTrialOptions,
  source: RowSource,
  batches: readonly (readonly number[])[],
  compared = 4,
): Promise<RowTrial> {
  const alone = new Map<number, readonly Tensor[]>();
  let largestDifference = 0;
  const rowsAlone = [...new Set(batches.flat())].filter((index) => index < compared).sort((a, b) => a - b);
  for (const index of rowsAlone) {
    const { outputs } = await executor.run(source.run([index]));
    const obstacle = layout.missingRows(outputs, 1);
    if (obstacle !== undefined) return { obstacle, largestDifference };
    alone.set(index, outputs);
  }
  for (const indices of batches) {
    const { outputs } = await executor.run(source.run(indices));
    const missing = layout.missingRows(outputs, indices.length);
    if (missing !== undefined) return { obstacle: missing, largestDifference };
    for (const [place, index] of indices.entries()) {
      const expected = alone.get(index);
      if (!expected) continue;
      const got = layout.sliceOutputs(outputs, place, 1);
      for (const [i, output] of expected.entries()) {
        const { difference, excess } = compareRow(output, got[i] as Tensor, tolerance);
        if (excess !== undefined) {
          const obstacle = `in a batch of ${indices.length}, output ${JSON.stringify(output.name)} ${excess}`;
          return { obstacle, largestDifference };
        }
        largestDifference = Math.max(largestDifference, difference);
      }
    }
  }
  return { largestDifference };
}

/**
 * Tries sources of rows, one after another, until the model accepts one.
 * @param sources At least one source.
 * @returns The result and the accepted source; no source if the model refused all of them.
 */
export async function tryRowsInTurn<S extends RowSource>(
  options: RowTrialOptions,
  sources: readonly S[],
  batches: readonly (readonly number[])[],
): Promise<RowTrial & { readonly source?: S }> {
  let refusal: unknown;
  for (const source of sources) {
    try {
      return { ...(await tryRows(options, source, batches)), source };
    } catch (error) {
      refusal = error;
    }
  }
  const obstacle = `the model does not run on the rows of the trial: ${messageOf(refusal)}`;
  return { obstacle, isRefused: true, largestDifference: 0 };
}
