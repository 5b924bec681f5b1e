import type { FromExecutor } from '../inference/executor-messages';
import type { NumericData } from '../inference/tensor';
import type { PictureHeader } from './picture-header';

/** Main thread to the decoder's. Each but `close` gets one reply, in order. */
export type ToPictureDecoder =
  | { readonly type: 'decode'; readonly body: Uint8Array; readonly format: PictureHeader['format'] }
  | { readonly type: 'close' };

/** The decoder's thread to the main one. */
export type FromPictureDecoder =
  { readonly type: 'decoded'; readonly result: NumericData } | (FromExecutor & { type: 'failed' });
