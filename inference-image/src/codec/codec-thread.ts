import { ThreadClient } from '../thread-client';
import type { CodecModel, ToCodec } from './messages';

/** A thread that reads and writes bodies, seen from the main thread. */
export class CodecThread extends ThreadClient<ToCodec> {
  /** Begins the thread. @param script The codec's bundle. */
  constructor(script: string, { name, version, signature }: CodecModel) {
    super('the thread that reads and writes large bodies', script, { name, version, signature } satisfies CodecModel);
  }
}
