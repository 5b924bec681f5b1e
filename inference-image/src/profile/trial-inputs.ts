import { batchDimension } from '../contract/batch-dimension';
import type { Signature, TensorSignature } from '../contract/signature';
import { joinRows, sliceRows } from '../inference/rows';
import type { Tensor } from '../inference/tensor';
import { trialTensor } from '../inference/trial-values';

/** Inputs to measure a model with. */
export interface TrialInputs {
  /** The size of each symbolic dimension but that of the batch. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Of so many rows, where rows can be told apart. Made anew, since an executor takes what it is given. */
  batch(rows: number): Tensor[];
}

/**
 * Sines, neither zero nor equal, lest some kernels be faster or slower than they are on real values. A symbolic
 * dimension has the size that is given for it, else that of the example, else 1.
 * @param at Other values instead, from -1 to 1.
 */
export function madeUpInputs(
  signature: Signature,
  given: Readonly<Record<string, number>>,
  example: readonly Tensor[] = [],
  at = (index: number) => Math.sin(1 + index),
): TrialInputs {
  const rowSymbol = rowSymbolOf(signature);
  const sizes = { ...exampleSizes(signature, example), ...given };
  const dimensions = Object.fromEntries(
    symbolsOf(signature)
      .filter((symbol) => symbol !== rowSymbol)
      .map((symbol) => [symbol, sizes[symbol] ?? 1]),
  );
  const shapeOf = ({ name, dimensions: declared }: TensorSignature, rows: number) => {
    const known = shapeIn(example, name);
    return declared.map((size, axis) => {
      if (typeof size === 'number') return size;
      if (size === null) return known?.[axis] ?? 1;
      return size === rowSymbol ? rows : (dimensions[size] as number);
    });
  };
  return {
    dimensions,
    batch: (rows) =>
      signature.inputs.map((input) => {
        const { name, datatype } = input;
        return trialTensor({ name, datatype, shape: shapeOf(input, rows) }, { at });
      }),
  };
}

/** The first row of an example, as often as there are rows. */
export function exampleInputs(signature: Signature, example: readonly Tensor[]): TrialInputs {
  const rowSymbol = rowSymbolOf(signature);
  const dimensions = exampleSizes(signature, example);
  if (rowSymbol !== undefined) delete dimensions[rowSymbol];
  return {
    dimensions,
    batch: (rows) =>
      rowSymbol === undefined
        ? structuredClone([...example])
        : example.map((tensor) => joinRows(Array.from({ length: rows }, () => sliceRows(tensor, 0, 1)))),
  };
}

function rowSymbolOf(signature: Signature): string | undefined {
  const dimension = batchDimension(signature);
  return 'symbol' in dimension ? dimension.symbol : undefined;
}

function symbolsOf({ inputs }: Signature): string[] {
  const symbols = inputs.flatMap(({ dimensions }) => dimensions.filter((size) => typeof size === 'string'));
  return [...new Set(symbols)];
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
