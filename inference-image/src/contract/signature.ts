import type { z } from 'zod/mini';
import type { signatureSchema, tensorSignatureSchema } from './schemas';

/**
 * The Open Inference Protocol's datatypes that onnxruntime-node carries.
 * @see https://github.com/kserve/open-inference-protocol
 */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export type Datatype = (typeof DATATYPES)[number];

/** A fixed size, the name of a symbolic dimension, or null where the model leaves it unnamed. */
export type Dimension = number | string | null;

/** Name, datatype and dimensions of one input or output. */
export type TensorSignature = z.infer<typeof tensorSignatureSchema>;

/** What a model takes and gives. */
export type Signature = z.infer<typeof signatureSchema>;

/** The shape as the protocol writes it: -1 for a dimension that is not fixed. */
export function wireShape(tensor: Pick<TensorSignature, 'dimensions'>): number[] {
  return tensor.dimensions.map((dimension) => (typeof dimension === 'number' ? dimension : -1));
}

/** Whether a tensor of this shape is what the model takes or gives: of its rank, and of its size where one is fixed. */
export function shapeFits(shape: readonly number[], { dimensions }: Pick<TensorSignature, 'dimensions'>): boolean {
  return (
    shape.length === dimensions.length &&
    dimensions.every((dimension, axis) => typeof dimension !== 'number' || dimension === shape[axis])
  );
}

/** `FP32 [batch, 3, ?]` */
export function tensorText({ datatype, dimensions }: Pick<TensorSignature, 'datatype' | 'dimensions'>): string {
  return `${datatype} ${dimensionsText(dimensions)}`;
}

/** `[batch, 3, ?]` */
export function dimensionsText(dimensions: readonly Dimension[]): string {
  return `[${dimensions.map((dimension) => dimension ?? '?').join(', ')}]`;
}

/** What people call a dimension that is not fixed: its symbol, or `INPUT:AXIS` where the model leaves it unnamed. */
export function dimensionName(
  { name, dimensions }: Pick<TensorSignature, 'name' | 'dimensions'>,
  axis: number,
): string {
  const dimension = dimensions[axis];
  return typeof dimension === 'string' ? dimension : `${name}:${axis}`;
}

/** Names of the inputs' symbolic dimensions, each once. */
export function inputSymbols({ inputs }: Pick<Signature, 'inputs'>): string[] {
  const symbols = inputs.flatMap(({ dimensions }) => dimensions.filter((size) => typeof size === 'string'));
  return [...new Set(symbols)];
}

/** 1 for a scalar, whose shape is []. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}
