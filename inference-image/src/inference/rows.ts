import { TYPED_ARRAY, type NumericData, type NumericDatatype, type Tensor, type TensorData } from './tensor';

/** Allocates so many elements, of any values. */
export type Allocate = (datatype: NumericDatatype, count: number) => NumericData;

const allocateNew: Allocate = (datatype, count) => new TYPED_ARRAY[datatype](count);

/** The rows of tensors one after another. The tensors differ in the size of that axis alone. */
export function joinRows(tensors: readonly Tensor[], axis: number, allocate = allocateNew): Tensor {
  const { name, datatype, shape } = tensors[0] as Tensor;
  const rows = tensors.reduce((total, tensor) => total + (tensor.shape[axis] as number), 0);
  const outer = product(shape, 0, axis);
  const inner = product(shape, axis + 1, shape.length);
  const joined = { name, datatype, shape: resized(shape, axis, rows) };
  if (datatype === 'BYTES') return { ...joined, data: joinTexts(tensors, axis, outer, inner) };
  const data = allocate(datatype, outer * rows * inner);
  if (outer === 1) joinWhole(tensors, data);
  else interleave(tensors, axis, outer, inner, data);
  return { ...joined, data };
}

/** A tensor with data of its own. */
export function copyTensor(tensor: Tensor, allocate = allocateNew): Tensor {
  const { datatype, data } = tensor;
  if (datatype === 'BYTES') return { ...tensor, data: (data as string[]).slice() };
  const copy = allocate(datatype, data.length);
  (copy as Float32Array).set(data as Float32Array);
  return { ...tensor, data: copy };
}

/** Some rows of a tensor: not copied where they lie together, as on axis 0. */
export function sliceRows({ name, datatype, shape, data }: Tensor, axis: number, start: number, rows: number): Tensor {
  const outer = product(shape, 0, axis);
  const inner = product(shape, axis + 1, shape.length);
  const slice = { name, datatype, shape: resized(shape, axis, rows) };
  const [from, length] = [start * inner, rows * inner];
  const stride = (shape[axis] as number) * inner;
  if (Array.isArray(data)) return { ...slice, data: sliceTexts(data, outer, stride, from, length) };
  if (outer === 1) return { ...slice, data: data.subarray(from, from + length) };
  const copy = new TYPED_ARRAY[datatype as NumericDatatype](outer * length);
  const [source, target, scale] = [wordsOf(data), wordsOf(copy), wordsEach(data)];
  for (let i = 0; i < outer; i++) {
    copyWords(source, scale * (i * stride + from), target, scale * i * length, scale * length);
  }
  return { ...slice, data: copy };
}

/** Whether two tensors of one datatype have the same shape and the same elements, bit for bit. */
export function isSame(a: Tensor, b: Tensor): boolean {
  return a === b || (sameSizes(a.shape, b.shape) && sameBits(a.data, b.data));
}

/** Whether elements of one datatype are the same, bit for bit: NaN equals NaN, and 0 not -0. */
export function sameBits(a: TensorData, b: TensorData): boolean {
  if (a.length !== b.length) return false;
  if (Array.isArray(a)) return a.every((text, i) => text === b[i]);
  return bytesOf(a).equals(bytesOf(b as NumericData));
}

export function sameSizes(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Whether shapes of one rank differ in the size of that axis at most. */
export function sameSizesBeside(axis: number, a: readonly number[], b: readonly number[]): boolean {
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

/** For each index before the axis, the rows of one tensor after those of another. */
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
 * The same memory as whole numbers of at most 32 bits. Copied one by one these keep every bit, which a NaN among
 * floating-point numbers may lose, and need no allocation, as integers of 64 bits do.
 */
function wordsOf({ buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: NumericData): Words {
  if (BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, byteLength);
  if (BYTES_PER_ELEMENT === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2);
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}

function wordsEach({ BYTES_PER_ELEMENT }: NumericData): number {
  return BYTES_PER_ELEMENT === 8 ? 2 : 1;
}

/** Fewer are copied faster by a loop than by a call. */
const MIN_CALL_WORDS = 24;

function copyWords(source: Words, from: number, target: Words, at: number, count: number): void {
  if (count >= MIN_CALL_WORDS) target.set(source.subarray(from, from + count), at);
  else for (let i = 0; i < count; i++) target[at + i] = source[from + i] as number;
}

function bytesOf({ buffer, byteOffset, byteLength }: NumericData): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
