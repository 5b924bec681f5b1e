import { TYPED_ARRAY, type NumericData, type NumericDatatype, type Tensor } from './tensor';

/** More than runs can be under way at a time; what is beyond is left to the garbage collector. */
const MAX_FREE = 4;

/** Of all buffers that are kept: the plan counts no more for them. */
const MAX_FREE_BYTES = 32 * 1024 * 1024;

/** Smaller buffers are made faster than they are found. */
const MIN_BYTES = 4096;

/**
 * Buffers for the inputs of batches, used again and again: the pages of a new one of some megabytes cost about as much
 * as to fill it. Sizes are powers of two, so that batches of different numbers of rows find each other's.
 */
export class BufferPool {
  private readonly free = new Map<number, ArrayBuffer[]>();
  private freeBytes = 0;

  take(datatype: NumericDatatype, count: number): NumericData {
    const bytes = count * TYPED_ARRAY[datatype].BYTES_PER_ELEMENT;
    if (bytes < MIN_BYTES) return new TYPED_ARRAY[datatype](count);
    const size = 2 ** Math.ceil(Math.log2(bytes));
    const found = this.free.get(size)?.pop();
    if (found) this.freeBytes -= size;
    return new TYPED_ARRAY[datatype](found ?? new ArrayBuffer(size), 0, count);
  }

  /** Takes back the data of tensors that nobody looks at any more. */
  give(tensors: readonly Tensor[]): void {
    for (const { data } of tensors) {
      if (Array.isArray(data) || data.buffer.byteLength < MIN_BYTES) continue;
      const buffer = data.buffer as ArrayBuffer;
      const free = this.free.get(buffer.byteLength) ?? [];
      if (free.length === MAX_FREE || this.freeBytes + buffer.byteLength > MAX_FREE_BYTES) continue;
      this.free.set(buffer.byteLength, free);
      free.push(buffer);
      this.freeBytes += buffer.byteLength;
    }
  }
}
