import type { ModelManifest } from '../contract/model-manifest';
import type { FromExecutor } from '../inference/executor-messages';
import type { PackedRequest, PackedTensor, InferRequest } from '../protocol/request';
import { isPacked } from '../tensor/packed-texts';
import type { NumericData, Tensor } from '../tensor/tensor';

/** The parts of the model that a codec thread needs. */
export type CodecModel = Pick<ModelManifest, 'name' | 'version' | 'signature'>;

/** The JSON of an output's data, in pieces. */
export type Pieces = readonly Uint8Array<ArrayBuffer>[];

/** Messages from the main thread to the codec. Every message except `close` gets one reply, in order. */
export type ToCodec =
  /** Parses the structure of a body and keeps it for `read` or `drop`. */
  | { readonly type: 'parse'; readonly ticket: number; readonly body: Uint8Array; readonly jsonLength: number }
  | { readonly type: 'read'; readonly ticket: number }
  | { readonly type: 'drop'; readonly ticket: number }
  | {
      readonly type: 'encode';
      readonly request: InferRequest;
      readonly outputs: readonly Tensor[];
      /** For each output, its data as JSON if that is already written; the tensor then contains no data. */
      readonly written: ReadonlyArray<Pieces | undefined>;
      /** Upper bound of the answer's bytes. */
      readonly capacity: number;
    }
  | { readonly type: 'close' };

/** Messages from the codec to the main thread. Bodies are bytes, because bytes can be transferred instead of copied. */
export type FromCodec =
  /** Bytes that `read` will need in addition to the body. */
  | { readonly type: 'parsed'; readonly result: number }
  | { readonly type: 'decoded'; readonly result: PackedRequest }
  | { readonly type: 'dropped'; readonly result: null }
  | { readonly type: 'encoded'; readonly result: { readonly body: Uint8Array; readonly jsonLength?: number } }
  | (FromExecutor & { type: 'failed' });

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
