import type { RowAxes } from '../contract/batching-verdict';
import { rowSymbols } from '../contract/row-axes';
import { inputSymbols, type Signature, type TensorSignature } from '../contract/signature';
import { copyTensor, joinRows, sliceRows } from '../inference/rows';
import type { Tensor } from '../inference/tensor';
import { trialTensor } from '../inference/trial-values';

/** Inputs to measure a model with. */
export interface TrialInputs {
  /** The size of each symbolic dimension but those that count rows. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Of so many rows, where it is known where rows are. Made again at each call, since an executor keeps what it is given. */
  batch(rows: number): Tensor[];
}

/** What inputs are made up from. */
export interface MadeUpInputsOptions {
  /** Where rows are; undefined where that is not proved. */
  readonly axes?: RowAxes;
  /** Sizes of symbolic dimensions. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** Has the sizes that are not given. */
  readonly example?: readonly Tensor[];
  /** Of dimensions that neither has. @default 1 */
  readonly otherSize?: number;
  /** The values, from -1 to 1. @default - sines: neither zero nor equal, since kernels may be faster or slower on those */
  readonly at?: (index: number) => number;
}

export function madeUpInputs(
  signature: Signature,
  { axes, sizes: given, example = [], otherSize = 1, at = (index) => Math.sin(1 + index) }: MadeUpInputsOptions,
): TrialInputs {
  const counting = rowSymbols(signature, axes);
  const sizes = { ...exampleSizes(signature, example), ...given };
  const dimensions = Object.fromEntries(
    inputSymbols(signature)
      .filter((symbol) => !counting.has(symbol))
      .map((symbol) => [symbol, sizes[symbol] ?? otherSize]),
  );
  const shapeOf = ({ name, dimensions: declared }: TensorSignature, rowAxis: number | null, rows: number) => {
    const known = shapeIn(example, name);
    return declared.map((size, axis) => {
      if (axis === rowAxis) return rows;
      if (typeof size === 'number') return size;
      if (size === null) return known?.[axis] ?? otherSize;
      // A symbol that counts rows elsewhere has the size of one.
      return dimensions[size] ?? 1;
    });
  };
  return {
    dimensions,
    batch: (rows) =>
      signature.inputs.map((input, i) => {
        const { name, datatype } = input;
        return trialTensor({ name, datatype, shape: shapeOf(input, axes?.inputAxes[i] ?? null, rows) }, { at });
      }),
  };
}

/** The first row of an example, as often as there are rows. */
export function exampleInputs(
  signature: Signature,
  axes: RowAxes | undefined,
  example: readonly Tensor[],
): TrialInputs {
  const dimensions = exampleSizes(signature, example);
  for (const symbol of rowSymbols(signature, axes)) delete dimensions[symbol];
  return {
    dimensions,
    batch: (rows) =>
      example.map((tensor) => {
        const axis = axes?.inputAxes[signature.inputs.findIndex(({ name }) => name === tensor.name)] ?? null;
        if (axis === null) return copyTensor(tensor);
        const row = sliceRows(tensor, axis, 0, 1);
        return joinRows(new Array<Tensor>(rows).fill(row), axis);
      }),
  };
}

function exampleSizes({ inputs }: Signature, example: readonly Tensor[]): Record<string, number> {
  const sizes = inputs.flatMap(({ name, dimensions }) => {
    const shape = shapeIn(example, name) ?? [];
    return dimensions.flatMap((symbol, axis) => (typeof symbol === 'string' ? [[symbol, shape[axis]] as const] : []));
  });
  return Object.fromEntries(sizes.filter((entry): entry is readonly [string, number] => entry[1] !== undefined));
}

function shapeIn(example: readonly Tensor[], name: string): readonly number[] | undefined {
  return example.find((tensor) => tensor.name === name)?.shape;
}
