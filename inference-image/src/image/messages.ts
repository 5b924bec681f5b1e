import type { FromExecutor } from '../inference/executor-messages';
import type { NumericData } from '../inference/tensor';
import type { ImageHeader } from './image-header';

/** Main thread to the decoder's. Each but `close` gets one reply, in order. */
export type ToImageDecoder =
  | { readonly type: 'decode'; readonly body: Uint8Array; readonly format: ImageHeader['format'] }
  | { readonly type: 'close' };

/** The decoder's thread to the main one. */
export type FromImageDecoder =
  { readonly type: 'decoded'; readonly result: NumericData } | (FromExecutor & { type: 'failed' });
