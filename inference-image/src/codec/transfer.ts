import type { NumericData, Tensor } from '../tensor/tensor';
import type { PackedTensor } from '../protocol/packed-request';
import { isPacked } from '../tensor/packed-texts';

/**
 * Returns the bytes in a buffer that contains nothing else, so that it can be transferred to another thread. Copies
 * them only if they share their buffer.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  // Buffer.slice would not copy.
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.prototype.slice.call(bytes);
}

/**
 * Returns the tensors in buffers that contain nothing else, and a list of those buffers. Strings that are not packed
 * have no buffer; posting the message copies them.
 */
export function ownBuffers<T extends Tensor | PackedTensor>(
  tensors: readonly T[],
): { tensors: T[]; transfer: ArrayBuffer[] } {
  // A set, because several packed tensors may share the buffer of their request.
  const transfer = new Set<ArrayBuffer>();
  const owned = tensors.map((tensor) => {
    const { data } = tensor;
    if (Array.isArray(data)) return tensor;
    if (isPacked(data)) {
      transfer.add(data.packed.buffer as ArrayBuffer);
      return tensor;
    }
    const whole = data.byteLength === data.buffer.byteLength;
    const own = whole ? data : (data.slice() as NumericData);
    transfer.add(own.buffer as ArrayBuffer);
    return { ...tensor, data: own };
  });
  return { tensors: owned, transfer: [...transfer] };
}
