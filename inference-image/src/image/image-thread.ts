import type { ImageInput } from '../contract/image-input';
import { ThreadClient } from '../thread-client';
import type { ToImageDecoder } from './messages';

/** A thread that decodes pictures, seen from the main thread. */
export class ImageThread extends ThreadClient<ToImageDecoder> {
  /** Begins the thread. @param script The decoder's bundle. */
  constructor(script: string, spec: ImageInput) {
    super('the thread that decodes pictures', script, spec);
  }
}
