import type { RowAxes } from '../contract/batching-verdict';
import { elementCount, type Signature } from '../contract/signature';
import { type NumericDatatype, type Tensor, type TensorHeader, totalElements, TYPED_ARRAY } from '../tensor/tensor';
import { BufferPool } from './buffer-pool';
import type { Run } from './executor';
import type { RowLayout } from './row-layout';
import type { RowSource } from './row-trial';
import { copyTensor, joinRows } from './rows';
import { type TrialRange, trialTensor } from './trial-values';

/** Number of rows that are always computed; later rows are rotations of these rows if that is faster. */
export const COMPUTED_ROWS = 4;

/**
 * Row whose values are a thousand times as large as those of other rows, so that an operator that scales over all rows
 * changes the other rows.
 */
export const OUTLIER_ROW = 1;

/** Row of zeros. A model that divides by the range of a row may return only rounding errors for it. */
export const ZERO_ROW = 0;

/** Rows of up to this length are always computed, because the rotations of a short row soon repeat. */
const MAX_COMPUTED_ELEMENTS = 256;

/** Number of short rows that are cached. */
const MAX_KEPT_ROWS = 64;

export interface TrialRowsOptions {
  readonly signature: Signature;
  readonly axes: RowAxes;
  /** Run that determines the sizes of the rows; its number of rows does not matter. */
  readonly template: Run;
  /** Whether inputs that all rows share keep the template's values; otherwise their elements are all 1. */
  readonly keepsCommon: boolean;
  readonly range: TrialRange;
}

/** Source of distinct rows of one size. */
export class TrialRows {
  private readonly inputs: readonly { readonly tensor: Tensor; readonly axis: number | null }[];
  private readonly rows = new Map<number, readonly Tensor[]>();

  constructor(private readonly options: TrialRowsOptions) {
    const { signature, axes, template } = options;
    this.inputs = signature.inputs.map(({ name }, i) => {
      const tensor = template.inputs.find((input) => input.name === name) as Tensor;
      return { tensor, axis: axes.inputAxes[i] ?? null };
    });
  }

  /** Creates a run of the rows with these numbers. Its data is new, because executors take ownership of it. */
  run(indices: readonly number[]): Run {
    const rows = indices.map((index) => this.row(index));
    const inputs = this.inputs.map(({ axis }, i) => {
      const tensors = rows.map((row) => row[i] as Tensor);
      return axis === null ? copyTensor(tensors[0] as Tensor) : joinRows(tensors, axis);
    });
    return { inputs, outputs: this.options.signature.outputs.map(({ name }) => name) };
  }

  /** Returns a row. Computed rows are cached, because computing them takes longer than many runs. */
  private row(index: number): readonly Tensor[] {
    const known = this.rows.get(index);
    if (known) return known;
    const row = this.inputs.map((_, i) => this.input(i, index));
    if (index < COMPUTED_ROWS || (index < MAX_KEPT_ROWS && totalElements(row) <= MAX_COMPUTED_ELEMENTS)) {
      this.rows.set(index, row);
    }
    return row;
  }

  private input(i: number, index: number): Tensor {
    const { keepsCommon, range } = this.options;
    const { tensor, axis } = this.inputs[i] as { tensor: Tensor; axis: number | null };
    if (axis === null) return keepsCommon ? tensor : trialTensor(tensor, { at: () => 1 });
    const { name, datatype, shape } = tensor;
    const header = { name, datatype, shape: shape.map((size, at) => (at === axis ? 1 : size)) };
    const elements = elementCount(header.shape);
    const isRotated = index >= COMPUTED_ROWS && elements > MAX_COMPUTED_ELEMENTS && index < elements;
    if (!isRotated) return computedRow(header, index, range);
    const origin = ORDINARY_ROWS[index % ORDINARY_ROWS.length] as number;
    return rotated(this.row(origin)[i] as Tensor, index);
  }
}

const ORDINARY_ROWS = [2, 3];

function computedRow(header: TensorHeader, index: number, range: TrialRange): Tensor {
  const at = index === ZERO_ROW ? () => 0 : (i: number) => Math.sin(1 + i * COMPUTED_ROWS + index);
  return trialTensor(header, { at, large: index === OUTLIER_ROW, range });
}

/** Rotates the elements of a row. */
function rotated(row: Tensor, places: number): Tensor {
  const { data, datatype } = row;
  const split = places % data.length;
  if (Array.isArray(data)) return { ...row, data: [...data.slice(split), ...data.slice(0, split)] };
  const moved = new TYPED_ARRAY[datatype as NumericDatatype](data.length);
  const [from, to] = [data, moved] as Float32Array[] as [Float32Array, Float32Array];
  to.set(from.subarray(split));
  to.set(from.subarray(0, split), from.length - split);
  return { ...row, data: moved };
}

/** Maximum number of rows that are tried; each row adds two runs to every startup. */
const MAX_ROWS = 3;

/** Maximum number of examples that are used; there may be hundreds. */
const MAX_EXAMPLES = 16;

/** Rows of golden examples that can share a run. */
export interface ExampleRows extends RowSource {
  readonly count: number;
}

/** Finds at least two rows of the examples that can share a run; undefined if there are none. */
export function exampleRows(layout: RowLayout, examples: readonly Run[]): ExampleRows | undefined {
  const rows = examples.slice(0, MAX_EXAMPLES).flatMap((example) => rowsOf(layout, example));
  const groups = rows.map((first) => rows.filter((row) => layout.isCompatible(first, row)));
  const [largest] = groups.sort((a, b) => b.length - a.length);
  if (!largest || largest.length < 2) return undefined;
  const pool = new BufferPool();
  const run = (indices: readonly number[]) =>
    layout.merge(
      indices.map((index) => largest[index] as Run),
      pool,
    );
  return { count: Math.min(MAX_ROWS, largest.length), run };
}

function rowsOf(layout: RowLayout, example: Run): Run[] {
  if (!layout.hasConsistentRows(example)) return [];
  const count = Math.min(MAX_ROWS, layout.rowsOf(example));
  return Array.from({ length: count }, (_, i) => layout.slice(example, i, 1));
}
