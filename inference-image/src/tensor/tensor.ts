import { type Datatype, elementCount } from '../contract/signature';

/** Storage of each datatype. A BOOL is a byte, 0 or 1; an FP16 is stored as its 16 bits; BYTES are UTF-8 strings. */
export const TYPED_ARRAY = {
  BOOL: Uint8Array,
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
} as const satisfies Record<Exclude<Datatype, 'BYTES'>, unknown>;

export type NumericDatatype = keyof typeof TYPED_ARRAY;
export type NumericData = InstanceType<(typeof TYPED_ARRAY)[NumericDatatype]>;
export type TensorData = NumericData | string[];

export interface TensorHeader {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** A tensor; `data` is row-major and has as many elements as the shape specifies. */
export interface Tensor extends TensorHeader {
  readonly data: TensorData;
}

/** Creates data of zeros or empty strings. */
export function emptyData(datatype: Datatype, count: number): TensorData {
  return datatype === 'BYTES' ? new Array<string>(count).fill('') : new TYPED_ARRAY[datatype](count);
}

/** Total number of elements. */
export function totalElements(tensors: readonly TensorHeader[]): number {
  return tensors.reduce((total, { shape }) => total + elementCount(shape), 0);
}

/** Number of characters of a string that take as long to transfer to the runtime and back as one element. */
const CHARACTERS_PER_ELEMENT = 64;

/** Total number of elements; a long string counts as several. */
export function elementsOfWork(tensors: readonly Tensor[]): number {
  let elements = 0;
  for (const { shape, data } of tensors) {
    elements += elementCount(shape);
    if (Array.isArray(data)) for (const text of data) elements += Math.floor(text.length / CHARACTERS_PER_ELEMENT);
  }
  return elements;
}

/** Memory of all strings, with two bytes per character. */
export function stringBytes(tensors: readonly Tensor[]): number {
  let bytes = 0;
  for (const { data } of tensors) {
    if (Array.isArray(data)) for (const text of data) bytes += 2 * text.length;
  }
  return bytes;
}

/** Memory of all data; approximate for strings. */
export function dataBytes(tensors: readonly Tensor[]): number {
  return tensors.reduce((total, { data }) => {
    return Array.isArray(data) ? total : total + data.byteLength;
  }, stringBytes(tensors));
}
