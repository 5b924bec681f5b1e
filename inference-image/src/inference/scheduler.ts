import type { RowAxes } from '../contract/batching-verdict';
import type { Signature } from '../contract/signature';
import type { ServingError } from '../errors';
import { BufferPool } from './buffer-pool';
import { EventLoopTurn } from './event-loop-turn';
import type { Executor, Run, RunResult } from './executor';
import type { InlineExecutor } from './inline-executor';
import { type Caller, type Job, whyAbandoned } from './job';
import { JobQueue, NO_LIMITS, type QueueLimits } from './job-queue';
import { QueuedWork } from './queued-work';
import { RowLayout } from './row-layout';
import { dataBytes, elementsOfWork, totalElements, type Tensor } from './tensor';

export interface SchedulerOptions extends QueueLimits {
  readonly signature: Signature;
  /** Where rows are, for a model whose requests may share runs. */
  readonly axes?: RowAxes;
  /** How long an idle executor waits for more rows after the oldest request came. */
  readonly maxBatchDelaySeconds: number;
}

/** A run of the model, for one request or for several at once. */
export interface CompletedRun {
  readonly rows: number;
  /** What each of its requests waited. */
  readonly queueSeconds: readonly number[];
  readonly runSeconds: number;
}

type Outputs = readonly Tensor[];

/**
 * A run takes memory for each of its rows, also for what lies between its inputs and outputs, and others wait for its end.
 * Runs of so many rows or bytes of inputs gain little by more.
 */
const MAX_PART_ROWS = 256;
const MAX_PART_BYTES = 1024 * 1024;

/**
 * Inputs of a run that requests share are copied together, and its outputs are there before any request holds memory for
 * them: all that waits in one run would take several times the budget. So much a single request may bring by default.
 */
const MAX_SHARED_BYTES = 16 * 1024 * 1024;

/** While a run takes longer, the way of its result to this thread, and of the next run back, is little of its time. */
const SHORT_RUN_SECONDS = 0.005;

/** Error of the parts of a request that has to run as a whole after all. */
const SHARING_ENDED = new Error('requests do not share runs any more');

/**
 * Hands runs to executors, first in, first out. Whatever waits when an executor becomes free and may share a run does
 * so: an idle server adds nothing, and a loaded one fills its batches by itself.
 */
export class Scheduler {
  /** Rows that one run may have; 1 means that requests are not merged. More needs the axes of rows. */
  maxBatchSize = 1;
  /** Whether a request of more rows is split into runs of that many; else only one that would take too much memory. */
  splitsLarger = false;
  /** Runs what it accepts, on this thread. */
  inline?: InlineExecutor;
  /** Told of each run that succeeded. */
  onRun?: (run: CompletedRun) => void;
  /** Told why requests are not merged any more. */
  onBatchingOff?: (reason: string) => void;
  /** With how many runs each has: the one that it works on, and one more that waits there. */
  private readonly executors = new Map<Executor, number>();
  private readonly queue: JobQueue;
  /** What came in this turn of the event loop and is short enough to run on this thread, together. */
  private readonly turnQueue: JobQueue;
  private readonly turn = new EventLoopTurn(() => this.runTurn());
  private readonly layout?: RowLayout;
  /** The first input whose first dimension is free. */
  private readonly firstInput?: string;
  private readonly pool = new BufferPool();
  private maxBatchDelayMs: number;
  private delayed?: NodeJS.Timeout;
  private running = 0;
  private lastRunSeconds = Infinity;
  /** Requests to be split: one after another, so that few parts stand before what others send. */
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
    this.maxBatchDelayMs = options.maxBatchDelaySeconds * 1000;
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

  /** For an executor that has ended. */
  remove(executor: Executor): void {
    this.executors.delete(executor);
  }

  /** Returns at once where the run was short enough to be made on the spot. */
  submit(run: Run, caller: Caller): Outputs | Promise<Outputs> {
    const rows = this.rowsOf(run);
    if (rows <= this.maxBatchSize && this.inline?.accepts(elementsOfWork(run.inputs))) {
      // What comes too late is dropped by the queue.
      if (this.turn.arrive() && !whyAbandoned(caller, performance.now())) return this.runAtOnce(this.inline, run);
      return this.wait(this.turnQueue, run, caller);
    }
    const isSplit = rows > this.rowsOfPart(run, rows) && this.layout?.agrees(run);
    return this.wait(isSplit ? this.splitQueue : this.queue, run, caller);
  }

  /** From now on each request has a run of its own. What was run together and is not answered yet runs again. */
  stopSharing(reason: string): void {
    if (this.maxBatchSize === 1) return;
    this.maxBatchSize = 1;
    this.onBatchingOff?.(reason);
    // Nothing waits for more rows any more.
    this.dispatch();
  }

  /** Throws where one more run that has to wait could only be refused. */
  assertRoom(): void {
    this.queue.assertRoom();
  }

  /** Resolves once nothing waits and nothing runs. No more is expected, so nothing waits for more rows either. */
  async finished(): Promise<void> {
    this.maxBatchDelayMs = 0;
    this.dispatch();
    if (this.busy) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  /** Refuses everything that waits. What runs goes on. */
  refuseQueued(error: ServingError): void {
    this.queue.refuse(error);
    this.splitQueue.refuse(error);
  }

  private rowsOf(run: Run): number {
    return this.maxBatchSize > 1 && this.layout ? this.layout.rowsOf(run) : 1;
  }

  /** Rows of a request, whether requests share runs or not: where no axis is known to count them, the first one does. */
  private observedRows(run: Run): number {
    if (this.layout) return this.layout.rowsOf(run);
    const { firstInput } = this;
    return firstInput === undefined ? 1 : (run.inputs.find(({ name }) => name === firstInput)?.shape[0] ?? 1);
  }

  /** Rows of the runs that a larger request is split into. */
  private rowsOfPart(run: Run, rows: number): number {
    if (rows <= this.maxBatchSize) return rows;
    // Rows of no elements may be two thousand million, and so make millions of runs.
    if (totalElements(run.inputs) === 0) return rows;
    if (this.splitsLarger) return this.maxBatchSize;
    const rowBytes = dataBytes(run.inputs) / rows;
    return Math.max(this.maxBatchSize, Math.min(MAX_PART_ROWS, Math.floor(MAX_PART_BYTES / rowBytes)));
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

  /** Resolves once the job is answered, or is to run as a whole since sharing has ended. */
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

  /** Has no more parts wait at a time than there are executors, and so lets others' requests in between. */
  private async runParts({ run, rows, caller, arrived }: Job, layout: RowLayout): Promise<readonly Outputs[]> {
    const size = this.rowsOfPart(run, rows);
    const outputs = new Array<Outputs>(Math.ceil(rows / size));
    let failed = false;
    // Time before its turn counts as waiting.
    const { deadline, holding, waitsSince = arrived } = caller;
    const part: Caller = { deadline, waitsSince, isCancelled: () => failed || caller.isCancelled() };
    let next = 0;
    const runNext = async (): Promise<void> => {
      for (let i = next++; i < outputs.length && !failed; i = next++) {
        // Not before its turn: on other axes than the first, rows are copied.
        const rowsOfPart = layout.slice(run, i * size, Math.min(size, rows - i * size));
        const ofPart = await this.wait(this.queue, rowsOfPart, part, true);
        // Twice: they are joined at the end.
        holding?.add(2 * dataBytes(ofPart));
        outputs[i] = ofPart;
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
      // Whether a run takes no rows, or not as many of each input, is for each model to say.
      const alone = rows === 0 || this.layout?.agrees(run) === false;
      queue.add({ run, caller, rows, bytes, isPart, alone, arrived: performance.now(), resolve, reject });
      if (queue === this.queue) this.dispatch();
      if (queue === this.splitQueue) void this.splitQueued();
    });
  }

  /** Gives executors what waits. */
  private dispatch(): void {
    for (let executor = this.nextExecutor(); executor && this.queue.length > 0; executor = this.nextExecutor()) {
      const delayMs = this.delayLeft();
      if (delayMs > 0) return this.dispatchLater(delayMs);
      this.stopDelay();
      const jobs = this.take(this.queue);
      if (jobs.length > 0) void this.start(executor, jobs);
    }
    this.notifyIfIdle();
  }

  /**
   * One that is idle, or one to go on at once with a batch that could not be any fuller, also one of a single request
   * where runs are short: to hand it over only when this thread gets to it would leave an executor without work for a
   * tenth of the time, and for a third where runs are short.
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

  /** Counted from the arrival of the oldest, so that one after the other cannot put it off again and again. */
  private delayLeft(): number {
    const { oldest, oldestIsAlone, rows } = this.queue;
    if (this.maxBatchDelayMs === 0 || oldest === undefined || oldestIsAlone || rows >= this.maxBatchSize) return 0;
    return oldest + this.maxBatchDelayMs - performance.now();
  }

  private dispatchLater(delayMs: number): void {
    this.delayed ??= setTimeout(() => {
      this.stopDelay();
      this.dispatch();
    }, delayMs);
  }

  private stopDelay(): void {
    clearTimeout(this.delayed);
    this.delayed = undefined;
  }

  /** Runs together what came in this turn, or has executors do it where that takes long enough to be noticed here. */
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
      result = await executor.run(layout && isJoint(jobs) ? layout.merge(runs, this.pool) : first.run);
    } catch (error) {
      failure = error;
    }
    this.count(executor, -1);
    if (result) this.lastRunSeconds = result.runSeconds;
    if (!result && jobs.length > 1) this.queue.putBack(jobs);
    // Before the replies are written, so that the executor works on meanwhile.
    this.dispatch();
    if (result) this.deliver(jobs, result);
    else if (jobs.length === 1) first.reject(failure);
    // Not before: they may have to run again.
    this.running -= jobs.length;
    this.notifyIfIdle();
  }

  private deliver(jobs: readonly Job[], { outputs, inputs, runSeconds }: RunResult): void {
    if (inputs) this.pool.give(inputs);
    const [first] = jobs as [Job];
    const rows = jobs.reduce((total, job) => total + job.rows, 0);
    this.checkRows(first.run, rows, outputs);
    if (isJoint(jobs) && this.maxBatchSize === 1) return this.runApart(jobs);
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

  /** An output without a row for each row of its run ends sharing for good, whatever is proved of the model. */
  private checkRows(run: Run, rows: number, outputs: Outputs): void {
    if (this.maxBatchSize === 1 || !this.layout || rows === 0 || !this.layout.agrees(run)) return;
    const missing = this.layout.missingRows(outputs, rows);
    if (missing !== undefined) this.stopSharing(missing);
  }

  /** Runs requests of a joint run again, each alone. A part is rejected, so that its request runs as a whole. */
  private runApart(jobs: readonly Job[]): void {
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

/** Whether a run was made of several requests, or of a part of one. */
function isJoint(jobs: readonly Job[]): boolean {
  return jobs.length > 1 || jobs[0]?.isPart === true;
}
