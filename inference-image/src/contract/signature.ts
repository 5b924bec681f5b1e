import type { z } from 'zod/mini';
import type { DATATYPES } from './constants';
import type { signatureSchema, tensorSignatureSchema } from './schemas';

export type Datatype = (typeof DATATYPES)[number];

/** A fixed size, the name of a symbolic dimension, or null for an unnamed dimension. */
export type Dimension = number | string | null;

/** Name, datatype and dimensions of one input or output. */
export type TensorSignature = z.infer<typeof tensorSignatureSchema>;

/** Inputs and outputs of a model. */
export type Signature = z.infer<typeof signatureSchema>;

/** Shape in the protocol's format, with -1 for each dimension that is not fixed. */
export function wireShape(tensor: Pick<TensorSignature, 'dimensions'>): number[] {
  return tensor.dimensions.map((dimension) => (typeof dimension === 'number' ? dimension : -1));
}

/** Whether a tensor of this shape fits: it has the same rank, and each fixed dimension has the declared size. */
export function shapeFits(shape: readonly number[], { dimensions }: Pick<TensorSignature, 'dimensions'>): boolean {
  return (
    shape.length === dimensions.length &&
    dimensions.every((dimension, axis) => typeof dimension !== 'number' || dimension === shape[axis])
  );
}

/** Text of a tensor's type, such as `FP32 [batch, 3, ?]`. */
export function tensorText({ datatype, dimensions }: Pick<TensorSignature, 'datatype' | 'dimensions'>): string {
  return `${datatype} ${dimensionsText(dimensions)}`;
}

/** Text of dimensions, such as `[batch, 3, ?]`. */
export function dimensionsText(dimensions: readonly Dimension[]): string {
  return `[${dimensions.map((dimension) => dimension ?? '?').join(', ')}]`;
}

/** Name of a dimension that is not fixed, for use in messages: its symbol, or `INPUT:AXIS`. */
export function dimensionName(
  { name, dimensions }: Pick<TensorSignature, 'name' | 'dimensions'>,
  axis: number,
): string {
  const dimension = dimensions[axis];
  return typeof dimension === 'string' ? dimension : `${name}:${axis}`;
}

/** Names of the inputs' symbolic dimensions, without duplicates. */
export function inputSymbols({ inputs }: Pick<Signature, 'inputs'>): string[] {
  const symbols = inputs.flatMap(({ dimensions }) => dimensions.filter((size) => typeof size === 'string'));
  return [...new Set(symbols)];
}

/** Number of elements of a shape; 1 for a scalar, whose shape is []. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}
