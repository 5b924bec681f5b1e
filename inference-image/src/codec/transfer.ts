import type { NumericData, Tensor } from '../inference/tensor';
import type { PackedTensor } from '../protocol/packed-request';
import { isPacked } from '../protocol/packed-texts';

/** The same bytes in a buffer of their own, which can be handed to another thread: a copy only where they share one. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  // Not Buffer.slice, which copies nothing.
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.prototype.slice.call(bytes);
}

/** The same tensors with buffers of their own, and those buffers. Texts that are strings are always copied. */
export function ownBuffers<T extends Tensor | PackedTensor>(
  tensors: readonly T[],
): { tensors: T[]; transfer: ArrayBuffer[] } {
  // Packed texts may share the buffer of their request.
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
