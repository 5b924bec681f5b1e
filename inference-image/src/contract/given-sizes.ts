import type { Dimension, Signature } from './signature';

/** Sizes of free dimensions by name: the symbol, or `INPUT:AXIS` for a dimension without a symbol. */
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

/** The signature with these dimensions of the inputs fixed. */
export function withSizes(signature: Signature, sizes: GivenSizes): Signature {
  const inputs = signature.inputs.map((input) => ({
    ...input,
    dimensions: input.dimensions.map((size, axis) => sizes[dimensionName(input, axis) ?? ''] ?? size),
  }));
  return { ...signature, inputs };
}
