import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../base/errors';
import type { Scheduler } from './scheduler';
import type { WorkerExecutor } from './worker-executor';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

export interface ExecutorPoolOptions {
  readonly size: number;
  readonly start: () => WorkerExecutor;
  /** Prepares an executor for work; throws if the executor must not be used. */
  readonly prepare: (executor: WorkerExecutor) => Promise<void>;
  readonly scheduler: Scheduler;
  /** Called for each executor that exited unexpectedly or could not be replaced. */
  readonly onFailure: (message: string) => void;
}

/** Keeps the configured number of executors running and replaces those that exit. */
export class ExecutorPool {
  /** Resolves once all executors are ready; rejects if one of them fails to start. */
  readonly started: Promise<void>;
  private readonly executors = new Set<WorkerExecutor>();
  private closing = false;

  constructor(private readonly options: ExecutorPoolOptions) {
    const starts = Array.from({ length: options.size }, () => this.startOne());
    this.started = Promise.all(starts).then(() => undefined);
  }

  /** Stops all executors. Call it when no run is in progress; the threads then exit immediately. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.executors].map((executor) => executor.close()));
  }

  private async startOne(): Promise<void> {
    const { start, prepare, scheduler } = this.options;
    const executor = start();
    this.executors.add(executor);
    void executor.ended.then(() => this.executors.delete(executor));
    try {
      await prepare(executor);
    } catch (error) {
      void executor.close();
      throw error;
    }
    if (this.closing) return;
    scheduler.add(executor);
    void executor.ended.then(() => {
      scheduler.remove(executor);
      if (!this.closing) void this.replace();
    });
  }

  private async replace(): Promise<void> {
    this.options.onFailure('an executor exited; starting a new one');
    for (let wait = FIRST_RETRY_MS; !this.closing; wait = Math.min(2 * wait, LAST_RETRY_MS)) {
      try {
        return await this.startOne();
      } catch (error) {
        this.options.onFailure(`an executor could not be replaced: ${messageOf(error)}`);
        await sleep(wait, undefined, { ref: false });
      }
    }
  }
}
