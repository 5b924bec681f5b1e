import { Worker } from 'node:worker_threads';
import type { Executor, Run, RunResult } from './executor';
import { fromFailure, transferList, type FromExecutor, type ToExecutor } from './executor-messages';
import type { SessionOptions, SessionSignature } from './session';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** An executor on a thread of its own, seen from the main thread. */
export class WorkerExecutor implements Executor {
  /** Resolves once the thread has ended, for whatever reason. */
  readonly ended: Promise<void>;
  private readonly worker: Worker;
  /** In the order that the thread answers in. */
  private readonly waiting: Waiting[] = [];
  private failure?: Error;

  /** Begins the thread. @param script The executor's bundle. */
  constructor(script: string) {
    this.worker = new Worker(script);
    this.worker.on('message', (message: FromExecutor) => this.receive(message));
    this.worker.on('error', (error) => (this.failure = error));
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', () => {
        this.failure ??= new Error('the executor ended');
        resolve();
        // After whoever waits for the end, so that nothing that fails here is given to this executor again.
        setImmediate(() => this.rejectWaiting());
      });
    });
  }

  /** Loads a model, before the first run. */
  load(options: SessionOptions): Promise<SessionSignature> {
    return this.ask({ type: 'load', ...options });
  }

  run(run: Run): Promise<RunResult> {
    const { inputs, outputs, returnInputs } = run;
    return this.ask({ type: 'run', inputs, outputs, returnInputs }, transferList(inputs));
  }

  /** Lets the thread end once its run is over. It is never terminated: during a run that would abort the process. */
  async close(): Promise<void> {
    this.worker.postMessage({ type: 'close' } satisfies ToExecutor);
    await this.ended;
  }

  private ask<T>(message: ToExecutor, transfer: ArrayBuffer[] = []): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure);
      this.worker.postMessage(message, transfer);
      this.waiting.push({ resolve: resolve as Waiting['resolve'], reject });
    });
  }

  private rejectWaiting(): void {
    for (const waiting of this.waiting.splice(0)) waiting.reject(this.failure as Error);
  }

  private receive(message: FromExecutor): void {
    const waiting = this.waiting.shift();
    if (message.type === 'failed') waiting?.reject(fromFailure(message));
    else waiting?.resolve(message.result);
  }
}
