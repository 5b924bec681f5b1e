import { join } from 'node:path';
import type { ImageInput } from '../contract/image-input';
import { ThreadClient } from '../thread-client';
import type { ToImageDecoder } from './messages';

/** A thread that decodes pictures, seen from the main thread. */
export class ImageThread extends ThreadClient<ToImageDecoder> {
  /** Begins the thread. Its bundle is beside each that begins one. */
  constructor(spec: ImageInput) {
    super('the thread that decodes pictures', join(__dirname, 'image-decoder', 'decoder.cjs'), spec);
  }
}
