import { TYPED_ARRAY, type NumericData, type NumericDatatype, type Tensor } from '../tensor/tensor';

/**
 * Maximum number of free buffers kept for each size, which is more than the number of concurrent runs. The others are
 * left to the garbage collector.
 */
const MAX_FREE = 4;

/** Limit on the bytes of all free buffers; the memory plan relies on it. */
const MAX_FREE_BYTES = 32 * 1024 * 1024;

/** Buffers below this size are faster to allocate than to look up. */
const MIN_BYTES = 4096;

/**
 * Reusable buffers for the inputs of batches, because allocating the pages of a new buffer of a few megabytes takes
 * about as long as filling it. Sizes are powers of two, so that batches of similar size can reuse each other's buffers.
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

  /** Takes back the buffers of tensors that are no longer used. */
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
