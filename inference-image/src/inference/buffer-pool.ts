import { TYPED_ARRAY, type NumericData, type NumericDatatype, type Tensor } from './tensor';

/** More than runs can be under way at a time; what is beyond is left to the garbage collector. */
const MAX_FREE = 4;

/** Smaller buffers are made faster than they are found. */
const MIN_BYTES = 4096;

/**
 * Buffers for the inputs of batches, used again and again: the pages of a new one of some megabytes cost about as much
 * as to fill it. Sizes are powers of two, so that batches of different numbers of rows find each other's.
 */
export class BufferPool {
  private readonly free = new Map<number, ArrayBuffer[]>();

  take(datatype: NumericDatatype, count: number): NumericData {
    const bytes = count * TYPED_ARRAY[datatype].BYTES_PER_ELEMENT;
    if (bytes < MIN_BYTES) return new TYPED_ARRAY[datatype](count);
    const size = 2 ** Math.ceil(Math.log2(bytes));
    const buffer = this.free.get(size)?.pop() ?? new ArrayBuffer(size);
    return new TYPED_ARRAY[datatype](buffer, 0, count);
  }

  /** Takes back the data of tensors that nobody looks at any more. */
  give(tensors: readonly Tensor[]): void {
    for (const { data } of tensors) {
      if (Array.isArray(data) || data.buffer.byteLength < MIN_BYTES) continue;
      const buffer = data.buffer as ArrayBuffer;
      const free = this.free.get(buffer.byteLength);
      if (!free) this.free.set(buffer.byteLength, [buffer]);
      else if (free.length < MAX_FREE) free.push(buffer);
    }
  }
}
