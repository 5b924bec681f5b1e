import { ServingError } from '../errors';
import type { Job } from './job';

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
  /** A Set, so that a job leaves from the middle at no cost. */
  private readonly jobs = new Set<Job>();
  /** Jobs whose common run has failed: they come first, each alone. */
  private again: Job[] = [];
  private waitingRows = 0;
  private waitingBytes = 0;
  private sweeping = false;

  /** @param onDropped Told when jobs have left that were not taken. */
  constructor(
    private readonly limits: QueueLimits,
    private readonly onDropped: () => void,
  ) {}

  get length(): number {
    return this.jobs.size + this.again.length;
  }

  get rows(): number {
    return this.waitingRows;
  }

  /** When the job came that waits longest; undefined where none waits. */
  get oldest(): number | undefined {
    const [first = undefined] = this.again.length > 0 ? this.again : this.jobs;
    return first?.arrived;
  }

  /** Throws where one more of that size could only be refused. */
  assertRoom(rows = 0, bytes = 0): void {
    if (this.lacksRoom(rows, bytes)) this.dropAbandoned();
    const lack = this.lacksRoom(rows, bytes);
    if (lack) throw new ServingError('rejected', `the queue is full: ${lack}`);
  }

  add(job: Job): void {
    this.jobs.add(job);
    this.waitingRows += job.rows;
    this.waitingBytes += job.bytes;
    if (!this.sweeping) this.sweepSoon();
  }

  /** To run again, before all others and each alone. */
  putBack(jobs: readonly Job[]): void {
    for (const job of jobs) job.alone = true;
    this.again.push(...jobs);
  }

  /** The oldest job, and those that may share its run, up to so many rows. */
  take(maxRows: number, isCompatible: (first: Job, other: Job) => boolean): Job[] {
    const now = performance.now();
    for (let job = this.again.shift(); job; job = this.again.shift()) {
      const reason = this.reasonToDrop(job, now);
      if (!reason) return [job];
      job.reject(reason);
    }
    const taken: Job[] = [];
    let rows = 0;
    let seen = 0;
    for (const job of this.jobs) {
      const first = taken[0];
      if (first && ++seen > MAX_LOOKAHEAD) break;
      const reason = this.reasonToDrop(job, now);
      if (reason) {
        this.remove(job);
        job.reject(reason);
        continue;
      }
      if (first && (job.alone || !isCompatible(first, job))) continue;
      // No smaller one overtakes it into this run.
      if (first && rows + job.rows > maxRows) break;
      this.remove(job);
      taken.push(job);
      rows += job.rows;
      if (job.alone || rows >= maxRows) break;
    }
    return taken;
  }

  /** Refuses everything that waits. */
  refuse(error: ServingError): void {
    for (const job of [...this.again.splice(0), ...this.jobs]) {
      this.remove(job);
      job.reject(error);
    }
    this.onDropped();
  }

  private lacksRoom(rows: number, bytes: number): string | undefined {
    const { maxQueueLength, maxQueueRows, maxQueueBytes } = this.limits;
    const { size } = this.jobs;
    if (size >= maxQueueLength) return `${size} requests wait already`;
    if (size > 0 && this.rows + rows > maxQueueRows)
      return `${this.rows} rows wait already, and it takes ${maxQueueRows}`;
    if (size > 0 && this.waitingBytes + bytes > maxQueueBytes) {
      return `${this.waitingBytes} bytes of input wait already, and it takes ${maxQueueBytes}`;
    }
    return undefined;
  }

  private remove(job: Job): void {
    if (!this.jobs.delete(job)) return;
    this.waitingRows -= job.rows;
    this.waitingBytes -= job.bytes;
  }

  private reasonToDrop({ caller, arrived }: Job, now: number): ServingError | undefined {
    if (caller.isCancelled()) return new ServingError('cancelled', 'the client went away before its request ran');
    if (caller.deadline !== undefined && now >= caller.deadline) {
      return new ServingError('timeout', "the request's own timeout passed before it could run");
    }
    const { queueTimeoutSeconds } = this.limits;
    if (now - arrived < queueTimeoutSeconds * 1000) return undefined;
    return new ServingError('timeout', `no executor was free within ${queueTimeoutSeconds} s`);
  }

  private dropAbandoned(): void {
    const now = performance.now();
    for (const job of this.jobs) {
      const reason = this.reasonToDrop(job, now);
      if (!reason) continue;
      this.remove(job);
      job.reject(reason);
    }
  }

  private sweepSoon(): void {
    this.sweeping = true;
    setTimeout(() => {
      const { length } = this;
      this.dropAbandoned();
      if (this.length < length) this.onDropped();
      this.sweeping = false;
      if (this.jobs.size > 0) this.sweepSoon();
    }, SWEEP_MS).unref();
  }
}
