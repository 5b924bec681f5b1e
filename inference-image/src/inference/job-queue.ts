import { ServingError } from '../errors';
import { Fifo } from './fifo';
import { type Job, whyAbandoned } from './job';
import { QueuedWork } from './queued-work';

export interface QueueLimits {
  /** Requests that may wait; one more is refused at once. */
  readonly maxQueueLength: number;
  /** Rows of all requests that wait. One request that is larger may wait where no other does. */
  readonly maxQueueRows: number;
  /** Bytes of the inputs of all requests that wait; as with rows. */
  readonly maxQueueBytes: number;
  /** Longest wait. */
  readonly queueTimeoutSeconds: number;
}

export const NO_LIMITS: QueueLimits = {
  maxQueueLength: Infinity,
  maxQueueRows: Infinity,
  maxQueueBytes: Infinity,
  queueTimeoutSeconds: Infinity,
};

/** How often jobs whose time is over are looked for; none begins late, whatever this is. */
const SWEEP_MS = 20;

/** Other jobs may stand between those that go together: how far to look for more. */
const MAX_LOOKAHEAD = 1024;

/** Jobs that wait, in order of arrival. Those that nobody waits for any more leave it without a run. */
export class JobQueue {
  private readonly jobs = new Fifo<Job>();
  /** Jobs whose common run has failed: they come first, each alone. */
  private again: Job[] = [];
  private waitingRows = 0;
  private sweeping = false;

  /**
   * @param onDropped Told when jobs have left that were not taken.
   * @param work What waits here and in other queues under the same limits.
   */
  constructor(
    private readonly limits: QueueLimits,
    private readonly onDropped: () => void,
    private readonly work = new QueuedWork(),
  ) {}

  get length(): number {
    return this.jobs.length + this.again.length;
  }

  get rows(): number {
    return this.waitingRows;
  }

  /** When the job came that waits longest; undefined where none waits. */
  get oldest(): number | undefined {
    return this.first?.arrived;
  }

  /** Whether the oldest shares its run with no other, however many come. */
  get oldestIsAlone(): boolean {
    return this.first?.alone === true;
  }

  private get first(): Job | undefined {
    return this.again[0] ?? this.jobs.at(this.jobs.start);
  }

  /** Throws where one more of that size could only be refused. */
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

  /** To run again, before all others and each alone. */
  putBack(jobs: readonly Job[]): void {
    for (const job of jobs) job.alone = true;
    this.again.push(...jobs);
    this.sweepSoon();
  }

  /** The oldest job, and those that may share its run, up to so many rows, and bytes of inputs. */
  take(maxRows: number, maxBytes: number, isCompatible: (first: Job, other: Job) => boolean): Job[] {
    const now = performance.now();
    for (let job = this.again.shift(); job; job = this.again.shift()) {
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
      // No smaller one overtakes it into this run.
      if (first && (rows + job.rows > maxRows || bytes + job.bytes > maxBytes)) break;
      this.remove(job, at);
      taken.push(job);
      rows += job.rows;
      bytes += job.bytes;
      if (job.alone || rows >= maxRows) break;
    }
    return taken;
  }

  /** Refuses everything that waits. */
  refuse(error: ServingError): void {
    for (const job of this.again.splice(0)) job.reject(error);
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
    if (work.jobs >= maxQueueLength) return `${work.jobs} requests wait already`;
    if (work.jobs > 0 && work.rows + rows > maxQueueRows)
      return `${work.rows} rows wait already, and it takes ${maxQueueRows}`;
    if (work.jobs > 0 && work.bytes + bytes > maxQueueBytes) {
      return `${work.bytes} bytes of input wait already, and it takes ${maxQueueBytes}`;
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
    const what = caller.waitsSince === undefined ? 'no executor was free' : 'the turn of the request did not come';
    return new ServingError('timeout', `${what} within ${queueTimeoutSeconds} s`);
  }

  private dropAbandoned(): void {
    const now = performance.now();
    this.again = this.again.filter((job) => {
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
