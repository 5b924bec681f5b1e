import { Worker, type ResourceLimits } from 'node:worker_threads';
import { type Failure, fromFailure } from './thread-messages';

type Reply = { readonly type: string; readonly result: unknown } | Failure;

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Main-thread side of a thread that replies to messages in order: one reply to each message except `close`. */
export class ThreadClient<Message> {
  /** Resolves once the thread has exited, for any reason. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;
  /** Callers that wait for a reply, in the order of their messages. */
  private readonly waiting: Waiting[] = [];
  private failure?: Error;

  /**
   * Starts the thread.
   * @param name Description of the thread; used in messages.
   * @param script Bundle that the thread runs.
   * @param resourceLimits Memory limits; exceeding them terminates the thread, not the process. @default - the limits
   * of the process
   */
  constructor(name: string, script: string, workerData?: object, resourceLimits?: ResourceLimits) {
    this.worker = new Worker(script, { workerData, resourceLimits });
    this.worker.on('message', (reply: Reply) => this.receive(reply));
    this.worker.on('error', (error: Error) => (this.failure = error));
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        this.failure ??= new Error(`${name} exited unexpectedly`);
        resolve();
        // Rejects after the listeners of `ended` have run, so that none of them resends the failed work to this thread.
        setImmediate(() => this.rejectWaiting());
      });
    });
  }

  /** Number of messages that have no reply yet. */
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

  /**
   * Lets the thread exit once its work is done. It is never terminated, because that would abort the process during a
   * run.
   */
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
