import type { ModelManifest } from '../contract/model-manifest';
import type { FromExecutor } from '../inference/executor-messages';
import type { Tensor } from '../tensor/tensor';
import type { InferRequest } from '../protocol/infer-request';
import type { PackedRequest } from '../protocol/packed-request';

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
