import type { ModelManifest } from '../contract/model-manifest';
import type { FromExecutor } from '../inference/executor-messages';
import type { Tensor } from '../inference/tensor';
import type { InferRequest } from '../protocol/infer-request';

/** What a codec's thread has to know of its model. */
export type CodecModel = Pick<ModelManifest, 'name' | 'version' | 'signature'>;

/** Main thread to codec. Each but `close` gets one reply, in order. */
export type ToCodec =
  | { readonly type: 'decode'; readonly body: Uint8Array; readonly jsonLength?: number }
  | { readonly type: 'encode'; readonly request: InferRequest; readonly outputs: readonly Tensor[] }
  | { readonly type: 'close' };

/** Codec to main thread. A body is bytes, so that it can be transferred. */
export type FromCodec =
  | { readonly type: 'decoded'; readonly result: InferRequest }
  | { readonly type: 'encoded'; readonly result: { readonly body: Uint8Array; readonly jsonLength?: number } }
  | (FromExecutor & { type: 'failed' });
