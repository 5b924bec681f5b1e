import { join } from 'node:path';
import type { PictureInput } from '../contract/picture-input';
import { ThreadClient } from '../threads/thread-client';
import type { ToPictureDecoder } from './messages';

/** Main-thread side of the thread that decodes pictures. */
export class PictureThread extends ThreadClient<ToPictureDecoder> {
  /** Starts the thread. Its bundle is in the same folder as every bundle that starts it. */
  constructor(spec: PictureInput) {
    super('the thread that decodes pictures', join(__dirname, 'picture-decoder', 'decoder.cjs'), spec);
  }
}
