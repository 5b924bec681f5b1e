import { MAX_SHARED_SIZE, type RowAxes } from '../contract/batching-verdict';
import type { Signature } from '../contract/signature';
import type { BufferPool } from './buffer-pool';
import type { Run } from './executor';
import { copyTensor, isSame, joinRows, sameSizesExcept, sliceRows, type Allocate } from './rows';
import { dataBytes, type Tensor } from '../tensor/tensor';

interface InputLayout {
  readonly name: string;
  /** Position in the signature, which is usually also the position in requests. */
  readonly position: number;
  /** Axis that counts rows; null for an input that all rows of a run share. */
  readonly axis: number | null;
}

/** Locates the rows in a model's inputs and outputs; joins and splits runs along the row axes. */
export class RowLayout {
  private readonly inputs: readonly InputLayout[];
  /** Input whose row axis gives the number of rows of a run. */
  private readonly counted: InputLayout & { readonly axis: number };
  /**
   * Inputs whose number of rows must be checked: their row axis has no symbol, or not the same symbol as the row axis
   * of `counted`.
   */
  private readonly others: readonly InputLayout[];
  /** Inputs that can make two runs incompatible: by their sizes or, for inputs that all rows share, by their values. */
  private readonly compared: readonly InputLayout[];
  private readonly outputAxes: ReadonlyMap<string, number>;
  private readonly maxSize: number;

  /** @param axes Row axes; at least one input must have one. */
  constructor({ inputs, outputs }: Signature, { inputAxes, outputAxes, maxSize = MAX_SHARED_SIZE }: RowAxes) {
    this.maxSize = maxSize;
    this.inputs = inputs.map(({ name }, position) => ({ name, position, axis: inputAxes[position] ?? null }));
    this.outputAxes = new Map(outputs.map(({ name }, i) => [name, outputAxes[i] as number]));
    const dimensionsOf = ({ position }: InputLayout) => inputs[position]?.dimensions ?? [];
    const [counted, ...others] = this.inputs.filter(({ axis }) => axis !== null) as (InputLayout & { axis: number })[];
    this.counted = counted as InputLayout & { axis: number };
    // Requests with two different sizes for a symbol were already refused.
    const symbol = dimensionsOf(this.counted)[this.counted.axis];
    const isAssured = (other: InputLayout) => {
      return typeof symbol === 'string' && dimensionsOf(other)[other.axis as number] === symbol;
    };
    this.others = others.filter((other) => !isAssured(other));
    this.compared = this.inputs.filter((input) => {
      return input.axis === null || dimensionsOf(input).some((size, i) => i !== input.axis && typeof size !== 'number');
    });
  }

  rowsOf(run: Run): number {
    return inputOf(run, this.counted).shape[this.counted.axis] as number;
  }

  /**
   * Whether a run consists of rows that the proof covers. All inputs must have the same number of rows, and other axes
   * must be neither empty nor too large. Empty axes are excluded because 0 in a shape may mean "unchanged".
   */
  hasConsistentRows(run: Run): boolean {
    const isProved = (input: InputLayout) =>
      inputOf(run, input).shape.every((size, at) => at === input.axis || (size > 0 && size <= this.maxSize));
    if (!this.compared.every(isProved)) return false;
    if (this.others.length === 0) return true;
    const rows = this.rowsOf(run);
    return this.others.every((input) => inputOf(run, input).shape[input.axis as number] === rows);
  }

  /**
   * Whether two runs can be merged: they have the same outputs, the same sizes except for rows, and equal values of the
   * inputs that all rows share.
   */
  isCompatible(a: Run, b: Run): boolean {
    if (a.outputs !== b.outputs && !equal(a.outputs, b.outputs)) return false;
    for (const input of this.compared) {
      const [first, second] = [inputOf(a, input), inputOf(b, input)];
      const { axis } = input;
      if (!(axis === null ? isSame(first, second) : sameSizesExcept(axis, first.shape, second.shape))) return false;
    }
    return true;
  }

  /** Merges compatible runs. Their data is copied, so that each can still run alone. */
  merge(runs: readonly Run[], pool: BufferPool): Run {
    const [first] = runs as [Run];
    const allocate: Allocate = (datatype, count) => pool.take(datatype, count);
    const inputs = this.inputs.map((input) => {
      // An input that all rows share is copied as well, because executors take ownership of it.
      if (input.axis === null) return copyTensor(inputOf(first, input), allocate);
      const parts = runs.map((run) => inputOf(run, input));
      return joinRows(parts, input.axis, allocate);
    });
    return { inputs, outputs: first.outputs, returnInputs: true };
  }

  /** Returns a run that contains `rows` rows of the given run, beginning at row `start`. */
  slice(run: Run, start: number, rows: number): Run {
    const inputs = this.inputs.map((input) => {
      const tensor = inputOf(run, input);
      return input.axis === null ? tensor : sliceRows(tensor, input.axis, start, rows);
    });
    return { inputs, outputs: run.outputs };
  }

  /** Describes the first output that does not have one row for each row of its run. */
  missingRows(outputs: readonly Tensor[], rows: number): string | undefined {
    for (const { name, shape } of outputs) {
      const axis = this.outputAxes.get(name) as number;
      if (shape[axis] === rows) continue;
      const where = axis === 0 ? '' : `; its rows should be on axis ${axis}`;
      return `for ${rows} ${rows === 1 ? 'row' : 'rows'}, output ${JSON.stringify(name)} has shape [${shape}]${where}`;
    }
    return undefined;
  }

  /** Returns `rows` rows of the outputs of a run, beginning at row `start`. */
  sliceOutputs(outputs: readonly Tensor[], start: number, rows: number): Tensor[] {
    return outputs.map((output) => sliceRows(output, this.outputAxes.get(output.name) as number, start, rows));
  }

  /** Joins the outputs of the parts of a run, in the order of the parts. */
  joinOutputs(parts: readonly (readonly Tensor[])[]): Tensor[] {
    return (parts[0] ?? []).map(({ name }, i) => {
      return joinRows(
        parts.map((outputs) => outputs[i] as Tensor),
        this.outputAxes.get(name) as number,
      );
    });
  }
}

function inputOf({ inputs }: Run, { name, position }: InputLayout): Tensor {
  const usual = inputs[position];
  return usual?.name === name ? usual : (inputs.find((input) => input.name === name) as Tensor);
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/**
 * Limits on the parts of a large request, in rows and input bytes. Larger parts would gain little. They would take more
 * memory, because a run needs memory for the intermediate values of each row, and would delay other requests for
 * longer.
 */
const MAX_PART_ROWS = 256;
const MAX_PART_BYTES = 1024 * 1024;

/** Number of rows in each part of a large request. */
export function rowsOfPart({ inputs }: Run, rows: number): number {
  return Math.min(MAX_PART_ROWS, Math.floor(MAX_PART_BYTES / (dataBytes(inputs) / rows)));
}
