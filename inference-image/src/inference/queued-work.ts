import type { Job } from './job';

/** How much waits, in all queues that have their limits in common. */
export class QueuedWork {
  jobs = 0;
  rows = 0;
  /** Of the inputs. */
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
