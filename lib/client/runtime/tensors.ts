/** Types of the elements in an answer, by datatype of the Open Inference Protocol. */
export interface AnsweredElements {
  BOOL: boolean[];
  UINT8: Uint8Array;
  UINT16: Uint16Array;
  UINT32: Uint32Array;
  UINT64: BigUint64Array;
  INT8: Int8Array;
  INT16: Int16Array;
  INT32: Int32Array;
  INT64: BigInt64Array;
  /** Bits of each half-precision number. On platforms with Float16Array, `new Float16Array(data.buffer)` reads them. */
  FP16: Uint16Array;
  FP32: Float32Array;
  FP64: Float64Array;
  BYTES: string[];
}

/** Types of the elements of an input, by datatype. Each number in a list must be a value of the datatype. */
export interface SentElements {
  BOOL: readonly boolean[];
  UINT8: Uint8Array | readonly number[];
  UINT16: Uint16Array | readonly number[];
  UINT32: Uint32Array | readonly number[];
  UINT64: BigUint64Array | readonly bigint[];
  INT8: Int8Array | readonly number[];
  INT16: Int16Array | readonly number[];
  INT32: Int32Array | readonly number[];
  INT64: BigInt64Array | readonly bigint[];
  /** Bits of each half-precision number, such as `new Uint16Array(halves.buffer)` for a Float16Array `halves`. */
  FP16: Uint16Array;
  /** A number in a list is rounded to the nearest 32-bit float. */
  FP32: Float32Array | readonly number[];
  FP64: Float64Array | readonly number[];
  BYTES: readonly string[];
}

export type Datatype = keyof AnsweredElements;

/** A tensor to send. Its elements are in row-major order, and their number must match the shape. */
export interface InputTensor<D extends Datatype, Shape extends readonly number[]> {
  readonly shape: Shape;
  readonly data: SentElements[D];
}

/** A tensor of an answer, with its elements in row-major order. */
export interface OutputTensor<D extends Datatype, Shape extends readonly number[]> {
  readonly shape: Shape;
  readonly data: AnsweredElements[D];
}

/**
 * An input or output. Each dimension is a fixed size, the name of a free size, or null for a free size without a name.
 */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly dimensions: readonly (number | string | null)[];
}

export interface ModelSpec {
  readonly name: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** A validated tensor. */
export interface Tensor {
  readonly spec: TensorSpec;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export type TensorData = NumericArray | readonly boolean[] | readonly string[];

export type NumericArray = Exclude<AnsweredElements[NumericDatatype], boolean[] | string[]>;

export type NumericDatatype = Exclude<Datatype, 'BOOL' | 'BYTES'>;

export interface NumericArrayType {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): NumericArray;
  new (buffer: ArrayBuffer): NumericArray;
}

export const NUMERIC_ARRAYS: Readonly<Record<NumericDatatype, NumericArrayType>> = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
}

export function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

export function shapeFits(shape: readonly number[], { dimensions }: TensorSpec): boolean {
  return (
    shape.length === dimensions.length &&
    dimensions.every((dimension, axis) => typeof dimension !== 'number' || dimension === shape[axis])
  );
}

/** Formats the datatype and the dimensions of a tensor, such as `FP32 [batch, 10]`. */
export function specText({ datatype, dimensions }: TensorSpec): string {
  return `${datatype} [${dimensions.map((dimension) => dimension ?? '?').join(', ')}]`;
}
