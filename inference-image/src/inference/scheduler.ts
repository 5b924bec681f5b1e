import { ServingError } from '../errors';
import type { Executor, Run } from './executor';
import type { InlineExecutor } from './inline-executor';
import type { Tensor } from './tensor';

export interface SchedulerOptions {
  /** Runs that may wait; one more is refused at once. */
  readonly maxQueueLength: number;
  /** Longest wait for an executor. */
  readonly queueTimeoutSeconds: number;
}

/** Whoever waits for a run. */
export interface Caller {
  /** Whether it has gone away. Asked rather than told: most requests never wait, and so need no listener. */
  isCancelled(): boolean;
  /** When it stops waiting, as performance.now() counts milliseconds. @default - never */
  readonly deadline?: number;
}

/** A run of the model, for one request or for several at once. */
export interface CompletedRun {
  readonly rows: number;
  /** What each of its requests waited. */
  readonly queueSeconds: readonly number[];
  readonly runSeconds: number;
}

interface Job {
  readonly run: Run;
  readonly caller: Caller;
  /** Milliseconds, as performance.now() counts them. */
  readonly arrived: number;
  timer?: NodeJS.Timeout;
  resolve(outputs: readonly Tensor[]): void;
  reject(error: unknown): void;
}

/**
 * Hands runs to executors, first in, first out. An idle server adds nothing: a run waits only while every executor is
 * busy. This is the place for a batcher: where an executor takes its next job, it would take several that go together.
 */
export class Scheduler {
  /** Runs what it accepts at once, on this thread. */
  inline?: InlineExecutor;
  /** Told of each run that succeeded. */
  onRun?: (run: CompletedRun) => void;
  private readonly executors = new Set<Executor>();
  private readonly idle: Executor[] = [];
  /** In order of arrival; a Set, so that one that timed out leaves from the middle at no cost. */
  private readonly queue = new Set<Job>();
  private running = 0;
  private whenIdle: Array<() => void> = [];

  constructor(private readonly options: SchedulerOptions) {}

  get queueLength(): number {
    return this.queue.size;
  }

  get runningCount(): number {
    return this.running;
  }

  get executorCount(): number {
    return this.executors.size;
  }

  get busy(): boolean {
    return this.running > 0 || this.queue.size > 0;
  }

  add(executor: Executor): void {
    this.executors.add(executor);
    this.release(executor);
  }

  /** For an executor that has ended. */
  remove(executor: Executor): void {
    this.executors.delete(executor);
    const position = this.idle.indexOf(executor);
    if (position >= 0) this.idle.splice(position, 1);
  }

  /** Returns at once where the run was short enough to be made on the spot. */
  submit(run: Run, caller: Caller): readonly Tensor[] | Promise<readonly Tensor[]> {
    if (this.inline?.accepts(run)) return this.runInline(this.inline, run);
    return new Promise((resolve, reject) => {
      const job: Job = { run, caller, arrived: performance.now(), resolve, reject };
      const executor = this.idle.pop();
      if (executor) void this.start(executor, job);
      else this.enqueue(job);
    });
  }

  /** Resolves once nothing waits and nothing runs. */
  async finished(): Promise<void> {
    if (this.busy) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  /** Refuses everything that waits. What runs goes on. */
  refuseQueued(error: ServingError): void {
    for (const job of this.queue) this.drop(job, error);
    this.notifyIfIdle();
  }

  private runInline(inline: InlineExecutor, run: Run): readonly Tensor[] {
    const { outputs, runSeconds } = inline.run(run);
    this.onRun?.({ rows: 1, queueSeconds: [0], runSeconds });
    return outputs;
  }

  /** Throws where one more run that has to wait could only be refused. */
  assertRoom(): void {
    const { maxQueueLength } = this.options;
    if (this.queue.size >= maxQueueLength) this.dropCancelled();
    if (this.queue.size >= maxQueueLength) {
      throw new ServingError('rejected', `the queue is full: ${maxQueueLength} requests wait already`);
    }
  }

  private enqueue(job: Job): void {
    this.assertRoom();
    const { queueTimeoutSeconds } = this.options;
    job.timer = setTimeout(() => {
      this.drop(job, new ServingError('timeout', `no executor was free within ${queueTimeoutSeconds} s`));
      this.notifyIfIdle();
    }, queueTimeoutSeconds * 1000).unref();
    this.queue.add(job);
  }

  private async start(executor: Executor, job: Job): Promise<void> {
    this.running++;
    const queueSeconds = (performance.now() - job.arrived) / 1000;
    try {
      const { outputs, runSeconds } = await executor.run(job.run);
      this.onRun?.({ rows: 1, queueSeconds: [queueSeconds], runSeconds });
      job.resolve(outputs);
    } catch (error) {
      job.reject(error);
    } finally {
      // Before the reply is written, so that the executor works on meanwhile.
      this.running--;
      if (this.executors.has(executor)) this.release(executor);
      this.notifyIfIdle();
    }
  }

  private release(executor: Executor): void {
    const next = this.takeNext();
    if (next) void this.start(executor, next);
    else this.idle.push(executor);
  }

  private takeNext(): Job | undefined {
    for (const job of this.queue) {
      if (job.caller.isCancelled()) {
        this.drop(job, cancelled());
        continue;
      }
      clearTimeout(job.timer);
      this.queue.delete(job);
      return job;
    }
    return undefined;
  }

  private dropCancelled(): void {
    for (const job of this.queue) if (job.caller.isCancelled()) this.drop(job, cancelled());
  }

  private drop(job: Job, error: ServingError): void {
    clearTimeout(job.timer);
    this.queue.delete(job);
    job.reject(error);
  }

  private notifyIfIdle(): void {
    if (this.busy) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

function cancelled(): ServingError {
  return new ServingError('cancelled', 'the client went away before its request ran');
}
