import { join } from 'node:path';
import type { PictureInput } from '../contract/picture-input';
import type { FromExecutor } from '../inference/executor-messages';
import type { NumericData } from '../tensor/tensor';
import { ThreadClient } from '../threads/thread-client';
import type { PictureHeader } from './picture-header';

/** Messages from the main thread to the decoder's thread. Every message except `close` gets one reply, in order. */
export type ToPictureDecoder =
  | { readonly type: 'decode'; readonly body: Uint8Array; readonly format: PictureHeader['format'] }
  | { readonly type: 'close' };

/** Messages from the decoder's thread to the main thread. */
export type FromPictureDecoder =
  { readonly type: 'decoded'; readonly result: NumericData } | (FromExecutor & { type: 'failed' });

/** Main-thread side of the thread that decodes pictures. */
export class PictureThread extends ThreadClient<ToPictureDecoder> {
  /** Starts the thread. Its bundle is in the same folder as every bundle that starts it. */
  constructor(spec: PictureInput) {
    super('the thread that decodes pictures', join(__dirname, 'picture-decoder', 'decoder.cjs'), spec);
  }
}
