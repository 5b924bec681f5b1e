import type { Job } from './job';

/** Amount of work that waits in all queues that share limits. */
export class QueuedWork {
  jobs = 0;
  rows = 0;
  bytes = 0;

  add({ rows, bytes }: Job): void {
    this.jobs++;
    this.rows += rows;
    this.bytes += bytes;
  }

  remove({ rows, bytes }: Job): void {
    this.jobs--;
    this.rows -= rows;
    this.bytes -= bytes;
  }
}
