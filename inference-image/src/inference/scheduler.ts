import type { RowAxes } from '../contract/batching-verdict';
import type { Signature } from '../contract/signature';
import type { ServingError } from '../base/errors';
import { BufferPool } from './buffer-pool';
import { EventLoopTurn } from './event-loop-turn';
import type { Executor, Run, RunResult } from './executor';
import type { InlineExecutor } from './inline-executor';
import { type Caller, type Job, QueuedWork, whyAbandoned } from './job';
import { JobQueue, NO_LIMITS, type QueueLimits } from './job-queue';
import { RowLayout, rowsOfPart } from './row-layout';
import { BatchDelay } from './batch-delay';
import { dataBytes, elementsOfWork, totalElements, type Tensor } from '../tensor/tensor';

export interface SchedulerOptions extends QueueLimits {
  readonly signature: Signature;
  /** Axes that count rows, for a model whose requests may share runs. */
  readonly axes?: RowAxes;
  /** Time for which an idle executor waits for more rows, counted from the arrival of the oldest request. */
  readonly maxBatchDelaySeconds: number;
}

/** A completed run of one or several requests. */
export interface CompletedRun {
  readonly rows: number;
  /** Waiting time of each request of the run, in seconds. */
  readonly queueSeconds: readonly number[];
  readonly runSeconds: number;
}

type Outputs = readonly Tensor[];

/**
 * Limit on the input bytes of a shared run. Its inputs are copied together, and its outputs exist before any request
 * has reserved memory for them, so larger runs could exceed the budget several times over. It equals the default limit
 * of a single request.
 */
const MAX_SHARED_BYTES = 16 * 1024 * 1024;

/** Duration below which the time to return a result to this thread and to send the next run is significant. */
const SHORT_RUN_SECONDS = 0.005;

/** Error with which the parts of a request are rejected if the request must run as a whole instead. */
const SHARING_ENDED = new Error('requests no longer share runs');

/**
 * Assigns runs to executors, first in, first out. When an executor becomes free, all compatible waiting requests share
 * its next run. An idle server therefore adds no delay, and a loaded one fills its batches.
 */
export class Scheduler {
  /** Limit on the rows of one run; 1 means that requests are not merged. A larger value requires the row axes. */
  maxBatchSize = 1;
  /**
   * Whether to split every request with more than `maxBatchSize` rows; if false, only requests that would take too much
   * memory are split.
   */
  splitsLarger = false;
  /** Executor on this thread, which runs only what it accepts. */
  inline?: InlineExecutor;
  /** Called after each successful run. */
  onRun?: (run: CompletedRun) => void;
  /** Called with the reason when requests stop sharing runs. */
  onBatchingOff?: (reason: string) => void;
  /** Number of runs that each executor has: the current one, and at most one queued after it. */
  private readonly executors = new Map<Executor, number>();
  private readonly queue: JobQueue;
  /** Requests that arrived in this turn of the event loop and are short enough to run together on this thread. */
  private readonly turnQueue: JobQueue;
  private readonly turn = new EventLoopTurn(() => this.runTurn());
  private readonly layout?: RowLayout;
  /** Name of the first input whose first dimension is not fixed. */
  private readonly firstInput?: string;
  private readonly pool = new BufferPool();
  private readonly delay: BatchDelay;
  private running = 0;
  private lastRunSeconds = Infinity;
  /** Requests to be split. They are split one at a time, so that only a few parts wait ahead of other requests. */
  private readonly splitQueue: JobQueue;
  private isSplitting = false;
  private whenIdle: Array<() => void> = [];

  constructor(options: SchedulerOptions) {
    const work = new QueuedWork();
    this.queue = new JobQueue(options, () => this.notifyIfIdle(), work);
    this.splitQueue = new JobQueue(options, () => this.notifyIfIdle(), work);
    this.turnQueue = new JobQueue(NO_LIMITS, () => this.notifyIfIdle());
    this.layout = options.axes && new RowLayout(options.signature, options.axes);
    this.firstInput = options.signature.inputs.find(({ dimensions: [first = 1] }) => typeof first !== 'number')?.name;
    this.delay = new BatchDelay(options.maxBatchDelaySeconds, () => this.dispatch());
  }

  get queueLength(): number {
    return this.queue.length + this.turnQueue.length + this.splitQueue.length;
  }

  get runningCount(): number {
    return this.running;
  }

  get executorCount(): number {
    return this.executors.size;
  }

  get busy(): boolean {
    return this.running > 0 || this.queueLength > 0 || this.isSplitting;
  }

  add(executor: Executor): void {
    this.executors.set(executor, 0);
    this.dispatch();
  }

  /** Removes an executor that has exited. */
  remove(executor: Executor): void {
    this.executors.delete(executor);
  }

  /** Queues a run, or runs it synchronously if it is short enough. */
  submit(run: Run, caller: Caller): Outputs | Promise<Outputs> {
    const rows = this.rowsOf(run);
    if (rows <= this.maxBatchSize && this.inline?.accepts(elementsOfWork(run.inputs))) {
      // The queue drops expired requests.
      if (this.turn.arrive() && !whyAbandoned(caller, performance.now())) return this.runAtOnce(this.inline, run);
      return this.wait(this.turnQueue, run, caller);
    }
    const isSplit = rows > this.rowsOfPart(run, rows) && this.layout?.hasConsistentRows(run);
    return this.wait(isSplit ? this.splitQueue : this.queue, run, caller);
  }

  /** Runs each request alone from now on. Requests in shared runs that have not been answered run again. */
  stopSharing(reason: string): void {
    if (this.maxBatchSize === 1) return;
    this.maxBatchSize = 1;
    this.onBatchingOff?.(reason);
    // Requests no longer need to wait for more rows.
    this.dispatch();
  }

  /** @throws ServingError `rejected` if the queue is full. */
  assertRoom(): void {
    this.queue.assertRoom();
  }

  /**
   * Resolves once the scheduler is idle. The caller expects no more requests, so waiting requests do not wait for more
   * rows.
   */
  async finished(): Promise<void> {
    this.delay.disable();
    this.dispatch();
    if (this.busy) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  /** Refuses all waiting requests; current runs continue. */
  refuseQueued(error: ServingError): void {
    this.queue.refuse(error);
    this.splitQueue.refuse(error);
  }

  private rowsOf(run: Run): number {
    return this.maxBatchSize > 1 && this.layout ? this.layout.rowsOf(run) : 1;
  }

  /**
   * Number of rows of a request as counted in metrics, even if requests do not share runs. If the row axes are unknown,
   * it is the size of the first axis.
   */
  private observedRows(run: Run): number {
    if (this.layout) return this.layout.rowsOf(run);
    const { firstInput } = this;
    return firstInput === undefined ? 1 : (run.inputs.find(({ name }) => name === firstInput)?.shape[0] ?? 1);
  }

  /** Number of rows in each part of a request that is split. */
  private rowsOfPart(run: Run, rows: number): number {
    if (rows <= this.maxBatchSize) return rows;
    // A request without elements may have two billion rows, which would result in millions of runs.
    if (totalElements(run.inputs) === 0) return rows;
    if (this.splitsLarger) return this.maxBatchSize;
    return Math.max(this.maxBatchSize, rowsOfPart(run, rows));
  }

  private runAtOnce(inline: InlineExecutor, run: Run): Outputs {
    const { outputs, runSeconds } = inline.run(run);
    const rows = this.rowsOf(run);
    this.checkRows(run, rows, outputs);
    this.onRun?.({ rows: this.observedRows(run), queueSeconds: [0], runSeconds });
    return outputs;
  }

  private async splitQueued(): Promise<void> {
    if (this.isSplitting) return;
    this.isSplitting = true;
    for (let [job] = this.take(this.splitQueue); job; [job] = this.take(this.splitQueue)) {
      await this.split(job);
    }
    this.isSplitting = false;
    this.notifyIfIdle();
  }

  /** Resolves once the job is answered, or queued to run as a whole because sharing has ended. */
  private async split(job: Job): Promise<void> {
    const { layout } = this;
    if (!layout || this.maxBatchSize === 1) return this.requeue(job);
    try {
      const outputs = await this.runParts(job, layout);
      if (this.maxBatchSize > 1) return job.resolve(layout.joinOutputs(outputs));
    } catch (error) {
      if (this.maxBatchSize > 1) return job.reject(error);
    }
    this.requeue(job);
  }

  /** Runs the parts of a request. Only a few of them wait at a time, so that other requests run in between. */
  private async runParts({ run, rows, caller, arrived }: Job, layout: RowLayout): Promise<readonly Outputs[]> {
    const size = this.rowsOfPart(run, rows);
    const outputs = new Array<Outputs>(Math.ceil(rows / size));
    let failed = false;
    // The time before the request is split counts as waiting.
    const { deadline, holding, waitsSince = arrived } = caller;
    const ofPart: Caller = { deadline, waitsSince, isCancelled: () => failed || caller.isCancelled() };
    let next = 0;
    const runNext = async (): Promise<void> => {
      for (let i = next++; i < outputs.length && !failed; i = next++) {
        // Each part is sliced just before it runs, because a slice on an axis other than the first is a copy.
        const part = layout.slice(run, i * size, Math.min(size, rows - i * size));
        const partOutputs = await this.wait(this.queue, part, ofPart, true);
        // Counted twice, because the outputs of the parts are joined at the end.
        holding?.add(2 * dataBytes(partOutputs));
        outputs[i] = partOutputs;
      }
    };
    try {
      await Promise.all(Array.from({ length: this.executors.size + 1 }, runNext));
    } catch (error) {
      failed = true;
      throw error;
    }
    return outputs;
  }

  private requeue(job: Job): void {
    this.queue.add(job);
    this.dispatch();
  }

  private wait(queue: JobQueue, run: Run, caller: Caller, isPart = false): Promise<Outputs> {
    const rows = this.rowsOf(run);
    const bytes = dataBytes(run.inputs);
    return new Promise((resolve, reject) => {
      if (!isPart) queue.assertRoom(rows, bytes);
      // Runs the request alone if it has no rows, or if its inputs have different numbers of rows. Whether the model
      // accepts such a request depends on the model.
      const alone = rows === 0 || this.layout?.hasConsistentRows(run) === false;
      queue.add({ run, caller, rows, bytes, isPart, alone, arrived: performance.now(), resolve, reject });
      if (queue === this.queue) this.dispatch();
      if (queue === this.splitQueue) void this.splitQueued();
    });
  }

  /** Assigns waiting requests to executors. */
  private dispatch(): void {
    for (let executor = this.nextExecutor(); executor && this.queue.length > 0; executor = this.nextExecutor()) {
      if (this.waitsForRows()) return;
      const jobs = this.take(this.queue);
      if (jobs.length > 0) void this.start(executor, jobs);
    }
    this.notifyIfIdle();
  }

  /**
   * Returns an idle executor, or a busy one that may receive its next run in advance: a full batch or, if requests do
   * not share runs and runs are short, a single request. Otherwise, an executor would be idle between runs until this
   * thread sends the next one: for a tenth of the time, or for a third if runs are short.
   */
  private nextExecutor(): Executor | undefined {
    let busy: Executor | undefined;
    for (const [executor, runs] of this.executors) {
      if (runs === 0) return executor;
      if (runs === 1) busy ??= executor;
    }
    if (this.queue.rows < this.maxBatchSize) return undefined;
    return this.maxBatchSize > 1 || this.lastRunSeconds < SHORT_RUN_SECONDS ? busy : undefined;
  }

  /** Whether the next run waits for more rows. */
  private waitsForRows(): boolean {
    const { oldest, oldestIsAlone, rows } = this.queue;
    const isFull = oldest === undefined || oldestIsAlone || rows >= this.maxBatchSize;
    return this.delay.waits(isFull ? undefined : oldest);
  }

  /** Runs the requests of this turn together, or sends them to executors if that would block this thread noticeably. */
  private runTurn(): void {
    let elements = 0;
    while (this.turnQueue.length > 0) {
      const jobs = this.take(this.turnQueue);
      elements += jobs.reduce((total, { run }) => total + elementsOfWork(run.inputs), 0);
      if (jobs.length === 0 || !this.inline) continue;
      if (this.inline.accepts(elements)) void this.start(this.inline, jobs);
      else this.moveToExecutors(jobs);
    }
    this.dispatch();
  }

  private moveToExecutors(jobs: readonly Job[]): void {
    for (const job of jobs) {
      try {
        this.queue.assertRoom(job.rows, job.bytes);
        this.queue.add(job);
      } catch (error) {
        job.reject(error);
      }
    }
  }

  private take(queue: JobQueue): Job[] {
    const isCompatible = (first: Job, other: Job) => this.layout?.isCompatible(first.run, other.run) === true;
    return queue.take(this.maxBatchSize, MAX_SHARED_BYTES, isCompatible);
  }

  private async start(executor: Executor, jobs: readonly Job[]): Promise<void> {
    const [first] = jobs as [Job];
    this.running += jobs.length;
    this.count(executor, 1);
    let result: RunResult | undefined;
    let failure: unknown;
    try {
      const { layout } = this;
      const runs = jobs.map(({ run }) => run);
      result = await executor.run(layout && isShared(jobs) ? layout.merge(runs, this.pool) : first.run);
    } catch (error) {
      failure = error;
    }
    this.count(executor, -1);
    if (result) this.lastRunSeconds = result.runSeconds;
    if (!result && jobs.length > 1) this.queue.putBack(jobs);
    // Dispatches before the replies are written, so that the executor can continue in the meantime.
    this.dispatch();
    if (result) this.deliver(jobs, result);
    else if (jobs.length === 1) first.reject(failure);
    // Not subtracted earlier, because the jobs may have to run again.
    this.running -= jobs.length;
    this.notifyIfIdle();
  }

  private deliver(jobs: readonly Job[], { outputs, inputs, runSeconds }: RunResult): void {
    if (inputs) this.pool.give(inputs);
    const [first] = jobs as [Job];
    const rows = jobs.reduce((total, job) => total + job.rows, 0);
    this.checkRows(first.run, rows, outputs);
    if (isShared(jobs) && this.maxBatchSize === 1) return this.rerunSeparately(jobs);
    const started = performance.now() / 1000 - runSeconds;
    const queueSeconds = jobs.map(({ arrived }) => Math.max(0, started - arrived / 1000));
    this.onRun?.({ rows: jobs.length === 1 ? this.observedRows(first.run) : rows, queueSeconds, runSeconds });
    if (jobs.length === 1) return first.resolve(outputs);
    let start = 0;
    for (const job of jobs) {
      job.resolve(this.layout?.sliceOutputs(outputs, start, job.rows) ?? []);
      start += job.rows;
    }
  }

  /** Stops sharing permanently if an output does not have one row for each row of its run, regardless of the proof. */
  private checkRows(run: Run, rows: number, outputs: Outputs): void {
    if (this.maxBatchSize === 1 || !this.layout || rows === 0 || !this.layout.hasConsistentRows(run)) return;
    const missing = this.layout.missingRows(outputs, rows);
    if (missing !== undefined) this.stopSharing(missing);
  }

  /**
   * Runs the requests of a shared run again, each alone. A part of a larger request is rejected instead, so that its
   * request runs as a whole.
   */
  private rerunSeparately(jobs: readonly Job[]): void {
    for (const job of jobs) if (job.isPart) job.reject(SHARING_ENDED);
    this.queue.putBack(jobs.filter(({ isPart }) => !isPart));
    this.dispatch();
  }

  private count(executor: Executor, change: number): void {
    const runs = this.executors.get(executor);
    if (runs !== undefined) this.executors.set(executor, runs + change);
  }

  private notifyIfIdle(): void {
    if (this.busy) return;
    for (const resolve of this.whenIdle.splice(0)) resolve();
  }
}

/** Whether a run contains several requests, or part of one. */
function isShared(jobs: readonly Job[]): boolean {
  return jobs.length > 1 || jobs[0]?.isPart === true;
}
