import { messageOf } from '../errors';
import type { Executor, Run } from './executor';
import { compareRow, type RowTolerance } from './row-comparison';
import type { RowLayout } from './row-layout';
import type { Tensor } from './tensor';

/** Result of running rows alone and together. */
export interface RowTrial {
  /** In words, why requests must not share runs; undefined if they may. */
  readonly obstacle?: string;
  /** The largest difference of a floating-point output, as a share of the largest magnitude in the output of its row. */
  readonly largestDifference: number;
}

/** Rows to try a model with. */
export interface RowSource {
  /** A run of these rows, with data of its own. */
  run(indices: readonly number[]): Run;
}

export interface RowTrialOptions {
  readonly executor: Executor;
  readonly layout: RowLayout;
  readonly tolerance: RowTolerance;
}

/**
 * Numbers of the rows in batches of 2, 3 and the largest; no batch has a row twice. Rows below 4 are compared with their
 * results alone; they are at the beginning, at the end and in between.
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
    // Others begin at 4.
    batches.push(Array.from({ length: maxBatchSize }, (_, i) => places.get(i) ?? 4 + i));
  }
  return batches;
}

/**
 * Runs rows alone and together, and compares. The graph has been proved before; this is a second lock, for rounding and
 * for kernels that do not do what their operator promises.
 * @param batches Numbers of the rows of each batch; rows from number `compared` on only fill it.
 * @throws What a run throws
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
 * Tries rows of values that the model may refuse, and others after them.
 * @param sources In the order in which they are tried; at least one.
 * @returns With the rows that the model took; undefined where it refused all of them.
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
  return { obstacle: `it does not run on the rows of a trial: ${messageOf(refusal)}`, largestDifference: 0 };
}
