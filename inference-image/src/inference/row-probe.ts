import type { Executor, Run } from './executor';
import { joinRows } from './rows';
import type { Tensor, TensorData, TensorHeader } from './tensor';
import { trialTensor } from './trial-values';

/** Rows that are told apart; a larger batch repeats them. */
const DISTINCT_ROWS = 4;

/** Its values are a thousand times as large: what scales over all rows then shows in the others. */
const OUTLIER_ROW = 1;

/** Rows of one and the same size that are told apart, to make runs of. */
export class ProbeRows {
  private readonly rows: readonly (readonly Tensor[])[];

  /** @param template Of the size that the rows take; what it holds does not matter. */
  constructor(private readonly template: Run) {
    // Once: to compute the elements of every batch anew took longer than to run them.
    this.rows = Array.from({ length: DISTINCT_ROWS }, (_, i) => template.inputs.map((header) => probeRow(header, i)));
  }

  /** One row alone. */
  single(index: number): Run {
    return this.run([index]);
  }

  batch(size: number): Run {
    return this.run(Array.from({ length: size }, (_, i) => i % DISTINCT_ROWS));
  }

  /** With data of its own, which an executor may keep. */
  private run(indices: readonly number[]): Run {
    return {
      inputs: joinAll(indices.map((index) => this.rows[index] as readonly Tensor[])),
      outputs: this.template.outputs,
    };
  }
}

/**
 * Whether the model gives rows of a batch the very bits that it gives each of them alone. Softmax over the batch, dynamic
 * quantization or random numbers do not, and no graph says so for certain.
 * @param maxBatchSize Largest batch to try; at least 2.
 * @returns Why not, in words; undefined if it does.
 */
export async function probeRows(
  executor: Executor,
  rows: ProbeRows,
  maxBatchSize: number,
): Promise<string | undefined> {
  const alone: (readonly Tensor[])[] = [];
  for (let i = 0; i < DISTINCT_ROWS; i++) alone.push((await executor.run(rows.single(i))).outputs);

  for (const size of new Set([2, Math.min(3, maxBatchSize), maxBatchSize])) {
    const together = await executor.run(rows.batch(size));
    const expected = joinAll(Array.from({ length: size }, (_, i) => alone[i % DISTINCT_ROWS] as readonly Tensor[]));
    for (const [i, output] of together.outputs.entries()) {
      const difference = compare(output, expected[i] as Tensor);
      if (difference) return `in a batch of ${size}, output ${JSON.stringify(output.name)} ${difference}`;
    }
  }
  return undefined;
}

function joinAll(rows: readonly (readonly Tensor[])[]): Tensor[] {
  return (rows[0] ?? []).map((_, i) => joinRows(rows.map((tensors) => tensors[i] as Tensor)));
}

function compare(got: Tensor, expected: Tensor): string | undefined {
  if (String(got.shape) !== String(expected.shape)) return `has shape [${got.shape}], and not [${expected.shape}]`;
  return sameBits(got.data, expected.data) ? undefined : 'differs from that of its rows alone';
}

function sameBits(a: TensorData, b: TensorData): boolean {
  if (Array.isArray(a) || Array.isArray(b)) return String(a) === String(b);
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength));
}

function probeRow({ name, datatype, shape }: TensorHeader, index: number): Tensor {
  const header = { name, datatype, shape: [1, ...shape.slice(1)] };
  return trialTensor(header, { at: (i) => Math.sin(1 + i * DISTINCT_ROWS + index), large: index === OUTLIER_ROW });
}
