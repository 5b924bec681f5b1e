import { ServingError } from '../base/errors';
import { type Job, QueuedWork, whyAbandoned } from './job';

export interface QueueLimits {
  /** Maximum number of waiting requests; further requests are refused immediately. */
  readonly maxQueueLength: number;
  /** Maximum total rows of waiting requests. A single request with more rows may wait if no other request does. */
  readonly maxQueueRows: number;
  /** Maximum total input bytes of waiting requests. A single larger request may wait if no other request does. */
  readonly maxQueueBytes: number;
  /** Maximum time that a request may wait, in seconds. */
  readonly queueTimeoutSeconds: number;
}

export const NO_LIMITS: QueueLimits = {
  maxQueueLength: Infinity,
  maxQueueRows: Infinity,
  maxQueueBytes: Infinity,
  queueTimeoutSeconds: Infinity,
};

/** Interval between checks for expired jobs. Whatever the interval, an expired job is never started. */
const SWEEP_MS = 20;

/** Maximum number of incompatible jobs that are skipped in the search for compatible ones. */
const MAX_LOOKAHEAD = 1024;

/** Waiting jobs, in order of arrival. Abandoned jobs are removed without a run. */
export class JobQueue {
  private readonly jobs = new Fifo<Job>();
  /** Jobs whose shared run failed; they run next, each alone. */
  private retries: Job[] = [];
  private waitingRows = 0;
  private sweeping = false;

  /**
   * @param onDropped Called after jobs were removed without a run.
   * @param work Total work that waits in this queue and in the queues that share its limits.
   */
  constructor(
    private readonly limits: QueueLimits,
    private readonly onDropped: () => void,
    private readonly work = new QueuedWork(),
  ) {}

  get length(): number {
    return this.jobs.length + this.retries.length;
  }

  get rows(): number {
    return this.waitingRows;
  }

  /** Arrival time of the oldest job; undefined if none waits. */
  get oldest(): number | undefined {
    return this.first?.arrived;
  }

  /** Whether the oldest job must run alone. */
  get oldestIsAlone(): boolean {
    return this.first?.alone === true;
  }

  private get first(): Job | undefined {
    return this.retries[0] ?? this.jobs.at(this.jobs.start);
  }

  /** @throws ServingError `rejected` if a job of that size would not fit. */
  assertRoom(rows = 0, bytes = 0): void {
    if (this.lacksRoom(rows, bytes)) this.dropAbandoned();
    const lack = this.lacksRoom(rows, bytes);
    if (lack) throw new ServingError('rejected', `the queue is full: ${lack}`);
  }

  add(job: Job): void {
    this.jobs.push(job);
    this.waitingRows += job.rows;
    this.work.add(job);
    this.sweepSoon();
  }

  /** Queues jobs again, before all others and each alone. */
  putBack(jobs: readonly Job[]): void {
    for (const job of jobs) job.alone = true;
    this.retries.push(...jobs);
    this.sweepSoon();
  }

  /** Takes the oldest job and others that may share its run, up to the limits on rows and input bytes. */
  take(maxRows: number, maxBytes: number, isCompatible: (first: Job, other: Job) => boolean): Job[] {
    const now = performance.now();
    for (let job = this.retries.shift(); job; job = this.retries.shift()) {
      const reason = this.reasonToDrop(job, now);
      if (!reason) return [job];
      job.reject(reason);
    }
    const taken: Job[] = [];
    let [rows, bytes] = [0, 0];
    let seen = 0;
    for (let at = this.jobs.start; at < this.jobs.end; at++) {
      const job = this.jobs.at(at);
      const first = taken[0];
      if (!job || this.dropIfAbandoned(job, at, now)) continue;
      if (first && ++seen > MAX_LOOKAHEAD) break;
      if (first && (job.alone || !isCompatible(first, job))) continue;
      // Later, smaller jobs must not overtake this one.
      if (first && (rows + job.rows > maxRows || bytes + job.bytes > maxBytes)) break;
      this.remove(job, at);
      taken.push(job);
      rows += job.rows;
      bytes += job.bytes;
      if (job.alone || rows >= maxRows) break;
    }
    return taken;
  }

  /** Refuses all waiting jobs. */
  refuse(error: ServingError): void {
    for (const job of this.retries.splice(0)) job.reject(error);
    for (let at = this.jobs.start; at < this.jobs.end; at++) {
      const job = this.jobs.at(at);
      if (!job) continue;
      this.remove(job, at);
      job.reject(error);
    }
    this.onDropped();
  }

  private lacksRoom(rows: number, bytes: number): string | undefined {
    const { maxQueueLength, maxQueueRows, maxQueueBytes } = this.limits;
    const { work } = this;
    if (work.jobs >= maxQueueLength) return `${work.jobs} requests are waiting`;
    if (work.jobs > 0 && work.rows + rows > maxQueueRows)
      return `${work.rows} rows are waiting, and the limit is ${maxQueueRows}`;
    if (work.jobs > 0 && work.bytes + bytes > maxQueueBytes) {
      return `${work.bytes} bytes of input are waiting, and the limit is ${maxQueueBytes} bytes`;
    }
    return undefined;
  }

  private remove(job: Job, at: number): void {
    this.jobs.removeAt(at);
    this.waitingRows -= job.rows;
    this.work.remove(job);
  }

  private reasonToDrop({ caller, arrived }: Job, now: number): ServingError | undefined {
    const abandoned = whyAbandoned(caller, now);
    if (abandoned) return abandoned;
    const { queueTimeoutSeconds } = this.limits;
    if (now - (caller.waitsSince ?? arrived) < queueTimeoutSeconds * 1000) return undefined;
    const cause = caller.waitsSince === undefined ? 'no executor was free' : 'the request did not get its turn';
    return new ServingError('timeout', `${cause} within ${queueTimeoutSeconds} s`);
  }

  private dropAbandoned(): void {
    const now = performance.now();
    this.retries = this.retries.filter((job) => {
      const reason = this.reasonToDrop(job, now);
      if (reason) job.reject(reason);
      return !reason;
    });
    for (let at = this.jobs.start; at < this.jobs.end; at++) {
      const job = this.jobs.at(at);
      if (job) this.dropIfAbandoned(job, at, now);
    }
  }

  private dropIfAbandoned(job: Job, at: number, now: number): boolean {
    const reason = this.reasonToDrop(job, now);
    if (!reason) return false;
    this.remove(job, at);
    job.reject(reason);
    return true;
  }

  private sweepSoon(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    setTimeout(() => {
      const { length } = this;
      this.dropAbandoned();
      if (this.length < length) this.onDropped();
      this.sweeping = false;
      if (this.length > 0) this.sweepSoon();
    }, SWEEP_MS).unref();
  }
}

/** Minimum number of empty slots at the front for which compaction is worthwhile. */
const COMPACT_FROM = 64;

/**
 * A queue whose items may also leave from the middle. It uses an array, because a Set that grows and shrinks leaves
 * tables behind that keep removed items alive until the next full garbage collection. Under load, this lengthened
 * pauses from 1 ms to 12 ms.
 */
export class Fifo<T extends object> {
  private readonly slots: (T | undefined)[] = [];
  private count = 0;
  private head = 0;

  get length(): number {
    return this.count;
  }

  /**
   * First position. Positions run from `start` up to, but not including, `end`, and stay valid until an item is added.
   */
  get start(): number {
    return this.head;
  }

  get end(): number {
    return this.slots.length;
  }

  /** Item at a position; undefined if it has been removed. */
  at(position: number): T | undefined {
    return this.slots[position];
  }

  push(item: T): void {
    if (this.head > COMPACT_FROM && this.head > this.slots.length / 2) {
      this.slots.splice(0, this.head);
      this.head = 0;
    }
    this.slots.push(item);
    this.count++;
  }

  removeAt(position: number): void {
    this.slots[position] = undefined;
    this.count--;
    if (this.count === 0) this.slots.length = this.head = 0;
    else while (this.slots[this.head] === undefined) this.head++;
  }
}
