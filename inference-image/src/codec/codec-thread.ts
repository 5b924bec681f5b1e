import { Worker } from 'node:worker_threads';
import { fromFailure } from '../inference/executor-messages';
import type { CodecModel, FromCodec, ToCodec } from './messages';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A thread that reads and writes bodies, seen from the main thread. It works in the order that it is asked in. */
export class CodecThread {
  /** Resolves once the thread has ended, for whatever reason. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;
  private readonly waiting: Waiting[] = [];

  /** Begins the thread. @param script The codec's bundle. */
  constructor(script: string, { name, version, signature }: CodecModel) {
    this.worker = new Worker(script, { workerData: { name, version, signature } satisfies CodecModel });
    let failure = new Error('the thread that reads and writes large bodies ended');
    this.worker.on('message', (message: FromCodec) => this.receive(message));
    this.worker.on('error', (error: Error) => (failure = error));
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        for (const waiting of this.waiting.splice(0)) waiting.reject(failure);
        resolve();
      });
    });
  }

  /** Bodies that it works on or that wait for it. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  ask<T>(message: ToCodec, transfer: ArrayBuffer[]): Promise<T> {
    return new Promise((resolve, reject) => {
      this.worker.postMessage(message, transfer);
      this.waiting.push({ resolve: resolve as Waiting['resolve'], reject });
    });
  }

  /** Lets the thread end once it has done what it was asked. */
  async close(): Promise<void> {
    this.worker.postMessage({ type: 'close' } satisfies ToCodec);
    await this.ended;
  }

  private receive(message: FromCodec): void {
    const waiting = this.waiting.shift();
    if (message.type === 'failed') waiting?.reject(fromFailure(message));
    else waiting?.resolve(message.result);
  }
}
