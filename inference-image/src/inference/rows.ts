import { TYPED_ARRAY, type NumericData, type NumericDatatype, type Tensor, type TensorData } from '../tensor/tensor';

/** Allocates data whose elements have arbitrary values. */
export type Allocate = (datatype: NumericDatatype, count: number) => NumericData;

const allocateNew: Allocate = (datatype, count) => new TYPED_ARRAY[datatype](count);

/** Concatenates tensors along their row axis; they may differ only in the size of that axis. */
export function joinRows(tensors: readonly Tensor[], axis: number, allocate = allocateNew): Tensor {
  const { name, datatype, shape } = tensors[0] as Tensor;
  const rows = tensors.reduce((total, tensor) => total + (tensor.shape[axis] as number), 0);
  const outer = product(shape, 0, axis);
  const inner = product(shape, axis + 1, shape.length);
  const joined = resized(shape, axis, rows);
  if (datatype === 'BYTES') return { name, datatype, shape: joined, data: joinTexts(tensors, axis, outer, inner) };
  const data = allocate(datatype, outer * rows * inner);
  if (outer === 1) joinWhole(tensors, data);
  else interleave(tensors, axis, outer, inner, data);
  return { name, datatype, shape: joined, data };
}

/** Copies a tensor and its data. */
export function copyTensor(tensor: Tensor, allocate = allocateNew): Tensor {
  const { datatype, data } = tensor;
  if (datatype === 'BYTES') return { ...tensor, data: (data as string[]).slice() };
  const copy = allocate(datatype, data.length);
  (copy as Float32Array).set(data as Float32Array);
  return { ...tensor, data: copy };
}

/**
 * Returns `rows` rows of a tensor, beginning at row `start`: a view if they are contiguous, as on axis 0, otherwise a
 * copy.
 */
export function sliceRows({ name, datatype, shape, data }: Tensor, axis: number, start: number, rows: number): Tensor {
  const outer = product(shape, 0, axis);
  const inner = product(shape, axis + 1, shape.length);
  const stride = (shape[axis] as number) * inner;
  const part = sliceData(data, outer, stride, start * inner, rows * inner);
  return { name, datatype, shape: resized(shape, axis, rows), data: part };
}

/** Whether two tensors of the same datatype have the same shape and the same elements, bit for bit. */
export function isSame(a: Tensor, b: Tensor): boolean {
  return a === b || (sameSizes(a.shape, b.shape) && sameBits(a.data, b.data));
}

/** Whether two arrays of the same datatype are equal bit for bit: NaN equals NaN, and 0 differs from -0. */
export function sameBits(a: TensorData, b: TensorData): boolean {
  if (a.length !== b.length) return false;
  if (Array.isArray(a)) return a.every((text, i) => text === b[i]);
  return bytesOf(a).equals(bytesOf(b as NumericData));
}

export function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Whether two shapes of the same rank differ at most in the size of the given axis. */
export function sameSizesExcept(axis: number, a: readonly number[], b: readonly number[]): boolean {
  return a.every((size, i) => i === axis || size === b[i]);
}

function resized(shape: readonly number[], axis: number, size: number): number[] {
  const sizes = shape.slice();
  sizes[axis] = size;
  return sizes;
}

function product(shape: readonly number[], from: number, to: number): number {
  let count = 1;
  for (let i = from; i < to; i++) count *= shape[i] as number;
  return count;
}

function joinWhole(tensors: readonly Tensor[], joined: NumericData): void {
  let at = 0;
  for (const { data } of tensors) {
    (joined as Float32Array).set(data as Float32Array, at);
    at += data.length;
  }
}

/** Copies the rows of all tensors, for each index of the axes before the row axis. */
function interleave(tensors: readonly Tensor[], axis: number, outer: number, inner: number, joined: NumericData): void {
  const target = wordsOf(joined);
  const scale = wordsEach(joined);
  const sources = tensors.map(({ shape, data }) => ({
    words: wordsOf(data as NumericData),
    length: scale * (shape[axis] as number) * inner,
  }));
  let at = 0;
  for (let i = 0; i < outer; i++) {
    for (const { words, length } of sources) {
      copyWords(words, i * length, target, at, length);
      at += length;
    }
  }
}

function joinTexts(tensors: readonly Tensor[], axis: number, outer: number, inner: number): string[] {
  const texts: string[] = [];
  for (let i = 0; i < outer; i++) {
    for (const { shape, data } of tensors) {
      const length = (shape[axis] as number) * inner;
      for (let at = i * length; at < (i + 1) * length; at++) texts.push(data[at] as string);
    }
  }
  return texts;
}

/** Copies the same part from each of `outer` blocks of length `stride`. */
function sliceData(data: TensorData, outer: number, stride: number, from: number, length: number): TensorData {
  if (Array.isArray(data)) return sliceTexts(data, outer, stride, from, length);
  if (outer === 1) return data.subarray(from, from + length);
  const copy = new (data.constructor as new (length: number) => NumericData)(outer * length);
  const [source, target, scale] = [wordsOf(data), wordsOf(copy), wordsEach(data)];
  for (let i = 0; i < outer; i++) {
    copyWords(source, scale * (i * stride + from), target, scale * i * length, scale * length);
  }
  return copy;
}

function sliceTexts(data: readonly string[], outer: number, stride: number, from: number, length: number): string[] {
  if (outer === 1) return data.slice(from, from + length);
  const texts: string[] = [];
  for (let start = from; start < outer * stride; start += stride) {
    for (let at = start; at < start + length; at++) texts.push(data[at] as string);
  }
  return texts;
}

type Words = Uint8Array | Uint16Array | Uint32Array;

/**
 * Views the same memory as unsigned integers of at most 32 bits. Copying these words one by one preserves the bits of
 * NaN, whereas copying floating-point numbers might change them. It also allocates nothing, unlike copying 64-bit
 * integers.
 */
function wordsOf({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: NumericData): Words {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function wordsEach({ BYTES_PER_ELEMENT }: NumericData): number {
  return BYTES_PER_ELEMENT === 8 ? 2 : 1;
}

/** Minimum number of words that TypedArray.set copies faster than a loop does. */
const MIN_CALL_WORDS = 24;

function copyWords(source: Words, from: number, target: Words, at: number, count: number): void {
  if (count >= MIN_CALL_WORDS) target.set(source.subarray(from, from + count), at);
  else for (let i = 0; i < count; i++) target[at + i] = source[from + i] as number;
}

function bytesOf({ buffer, byteOffset, byteLength }: NumericData): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
