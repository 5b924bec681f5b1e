import { getHeapStatistics } from 'node:v8';
import { ThreadClient } from '../threads/thread-client';
import type { CodecModel, ToCodec } from './messages';

const MIB = 1024 * 1024;

/**
 * Limit on the thread's heap. Elements are stored outside the heap, which holds the JSON around them and the text being
 * written.
 */
const MAX_HEAP_MIB = 128;

/** Main-thread side of the codec thread, which reads and writes bodies. */
export class CodecThread extends ThreadClient<ToCodec> {
  /**
   * Starts the thread.
   * @param script Bundle of the codec.
   * @param maxHeapMib Limit on the thread's heap, in MiB; exceeding it terminates only the thread. @default - the
   * smaller of 128 and half of the process's own limit
   */
  constructor(script: string, { name, version, signature }: CodecModel, maxHeapMib = defaultHeapMib()) {
    const model: CodecModel = { name, version, signature };
    const limits = { maxOldGenerationSizeMb: maxHeapMib };
    super('the thread that reads and writes large bodies', script, model, limits);
  }
}

function defaultHeapMib(): number {
  return Math.min(MAX_HEAP_MIB, Math.floor(getHeapStatistics().heap_size_limit / MIB / 2));
}
