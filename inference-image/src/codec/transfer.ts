import type { NumericData, Tensor } from '../inference/tensor';

/** The same bytes in a buffer of their own, which can be handed to another thread: a copy only where they share one. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  // Not Buffer.slice, which copies nothing.
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.prototype.slice.call(bytes);
}

/** The same tensors with buffers of their own, and those buffers. Texts are always copied. */
export function ownBuffers(tensors: readonly Tensor[]): { tensors: Tensor[]; transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const owned = tensors.map((tensor) => {
    if (Array.isArray(tensor.data)) return tensor;
    const whole = tensor.data.byteLength === tensor.data.buffer.byteLength;
    const data = whole ? tensor.data : (tensor.data.slice() as NumericData);
    transfer.push(data.buffer as ArrayBuffer);
    return { ...tensor, data };
  });
  return { tensors: owned, transfer };
}
