import type { ModelManifest } from '../contract/model-manifest';
import type { FromExecutor } from '../inference/executor-messages';
import type { Tensor } from '../inference/tensor';
import type { InferRequest } from '../protocol/infer-request';
import type { PackedRequest } from '../protocol/packed-request';

/** What a codec's thread has to know of its model. */
export type CodecModel = Pick<ModelManifest, 'name' | 'version' | 'signature'>;

/** The JSON of an output's data, in pieces. */
export type Pieces = readonly Uint8Array<ArrayBuffer>[];

/** Main thread to codec. Each but `close` gets one reply, in order. */
export type ToCodec =
  /** Looks at the structure of a body, and keeps it for `read` or `drop`. */
  | { readonly type: 'parse'; readonly ticket: number; readonly body: Uint8Array; readonly jsonLength: number }
  | { readonly type: 'read'; readonly ticket: number }
  | { readonly type: 'drop'; readonly ticket: number }
  | {
      readonly type: 'encode';
      readonly request: InferRequest;
      readonly outputs: readonly Tensor[];
      /** Those whose data is written already; of these the tensors have none. */
      readonly written: ReadonlyArray<Pieces | undefined>;
      /** Bytes that the answer has at most. */
      readonly capacity: number;
    }
  | { readonly type: 'close' };

/** Codec to main thread. A body is bytes, so that it can be transferred. */
export type FromCodec =
  /** Bytes that `read` will take, besides the body. */
  | { readonly type: 'parsed'; readonly result: number }
  | { readonly type: 'decoded'; readonly result: PackedRequest }
  | { readonly type: 'dropped'; readonly result: null }
  | { readonly type: 'encoded'; readonly result: { readonly body: Uint8Array; readonly jsonLength?: number } }
  | (FromExecutor & { type: 'failed' });
