import { Worker, type ResourceLimits } from 'node:worker_threads';
import { fromFailure, type FromExecutor } from './inference/executor-messages';

type Failed = FromExecutor & { readonly type: 'failed' };
type Reply = { readonly type: string; readonly result: unknown } | Failed;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A thread that answers each message but `close` with one, in order, seen from the main thread. */
export class ThreadClient<Message> {
  /** Resolves once the thread has ended, for whatever reason. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;
  /** In the order that the thread answers in. */
  private readonly waiting: Waiting[] = [];
  private failure?: Error;

  /**
   * Begins the thread.
   * @param name What it is, in words.
   * @param script Its bundle.
   * @param resourceLimits Memory whose end is the end of the thread, and not of the process. @default - the process's
   */
  constructor(name: string, script: string, workerData?: object, resourceLimits?: ResourceLimits) {
    this.worker = new Worker(script, { workerData, resourceLimits });
    this.worker.on('message', (reply: Reply) => this.receive(reply));
    this.worker.on('error', (error: Error) => (this.failure = error));
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        this.failure ??= new Error(`${name} ended`);
        resolve();
        // After whoever waits for the end, so that nothing that fails here is given to this thread again.
        setImmediate(() => this.rejectWaiting());
      });
    });
  }

  /** Messages that it works on or that wait for it. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  ask<T>(message: Message, transfer: ArrayBuffer[] = []): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure);
      this.worker.postMessage(message, transfer);
      this.waiting.push({ resolve: resolve as Waiting['resolve'], reject });
    });
  }

  /** Lets the thread end once its work is done. It is never terminated: during a run that would abort the process. */
  async close(): Promise<void> {
    this.worker.postMessage({ type: 'close' });
    await this.ended;
  }

  private rejectWaiting(): void {
    for (const waiting of this.waiting.splice(0)) waiting.reject(this.failure as Error);
  }

  private receive(reply: Reply): void {
    const waiting = this.waiting.shift();
    if ('result' in reply) waiting?.resolve(reply.result);
    else waiting?.reject(fromFailure(reply));
  }
}
