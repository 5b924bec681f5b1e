import type { FromExecutor } from '../inference/executor-messages';
import type { NumericData } from '../tensor/tensor';
import type { PictureHeader } from './picture-header';

/** Messages from the main thread to the decoder's thread. Every message except `close` gets one reply, in order. */
export type ToPictureDecoder =
  | { readonly type: 'decode'; readonly body: Uint8Array; readonly format: PictureHeader['format'] }
  | { readonly type: 'close' };

/** Messages from the decoder's thread to the main thread. */
export type FromPictureDecoder =
  { readonly type: 'decoded'; readonly result: NumericData } | (FromExecutor & { type: 'failed' });
