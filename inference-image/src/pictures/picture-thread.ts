import { join } from 'node:path';
import type { PictureInput } from '../contract/picture-input';
import { ThreadClient } from '../thread-client';
import type { ToPictureDecoder } from './messages';

/** A thread that decodes pictures, seen from the main thread. */
export class PictureThread extends ThreadClient<ToPictureDecoder> {
  /** Begins the thread. Its bundle is beside each that begins one. */
  constructor(spec: PictureInput) {
    super('the thread that decodes pictures', join(__dirname, 'picture-decoder', 'decoder.cjs'), spec);
  }
}
