import type { Dimension, Signature } from './signature';

/** Sizes of free dimensions. A key is the dimension's symbol, or `INPUT:AXIS` for a dimension without a symbol. */
export type GivenSizes = Readonly<Record<string, number>>;

/** Name and declared shape of an input. */
interface NamedShape {
  readonly name: string;
  readonly dimensions: readonly Dimension[];
}

/** Name of a free dimension of an input; undefined if its size is fixed. */
export function dimensionName(input: NamedShape, axis: number): string | undefined {
  const size = input.dimensions[axis];
  if (typeof size === 'number') return undefined;
  return size ?? `${input.name}:${axis}`;
}

/** Names of all free dimensions of the inputs, each once. */
export function dimensionNames({ inputs }: { readonly inputs: readonly NamedShape[] }): string[] {
  const names = inputs.flatMap((input) => input.dimensions.flatMap((_, axis) => dimensionName(input, axis) ?? []));
  return [...new Set(names)];
}

/** Returns the signature with the given dimensions of its inputs fixed. */
export function withSizes(signature: Signature, sizes: GivenSizes): Signature {
  const inputs = signature.inputs.map((input) => ({
    ...input,
    dimensions: input.dimensions.map((size, axis) => sizes[dimensionName(input, axis) ?? ''] ?? size),
  }));
  return { ...signature, inputs };
}
