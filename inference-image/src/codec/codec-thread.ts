import { getHeapStatistics } from 'node:v8';
import { ThreadClient } from '../thread-client';
import type { CodecModel, ToCodec } from './messages';

const MIB = 1024 * 1024;

/** Elements are never in the thread's heap: what is around them is, and what is written at a time. */
const MAX_HEAP_MIB = 128;

/** A thread that reads and writes bodies, seen from the main thread. */
export class CodecThread extends ThreadClient<ToCodec> {
  /**
   * Begins the thread.
   * @param script The codec's bundle.
   * @param maxHeapMib What the thread may hold in its heap, in MiB; where it needs more it ends, and the process goes
   * on. @default - 128, or half of the process's own limit
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
