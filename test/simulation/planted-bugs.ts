import { Holding } from '../../inference-image/src/budget/memory-budget';
import { JobQueue } from '../../inference-image/src/inference/job-queue';
import { Scheduler } from '../../inference-image/src/inference/scheduler';

/** Returns incorrect methods and properties, by name, which replace the correct ones of a class. */
type Wrong = (right: any) => Record<string, PropertyDescriptor['value'] | { get(): unknown }>;

/** Plausible bugs that the simulation must find, by name. */
const BUGS: Record<string, readonly [target: { readonly prototype: object }, wrong: Wrong]> = {
  /** Jobs are queued again after their shared run has failed, but no executor is notified. */
  'lost wake-up': [
    Scheduler,
    ({ dispatch }) => ({
      dispatch(this: any) {
        const [again] = this.queue.retries;
        if (again === undefined || again === this.forgotten) dispatch.call(this);
        else this.forgotten = again;
      },
    }),
  ],
  /** A job whose time limit has passed is answered but stays in its queue. */
  'double reply': [
    JobQueue,
    () => ({
      dropAbandoned(this: any) {
        const { jobs } = this;
        for (let at = jobs.start; at < jobs.end; at++) {
          const job = jobs.at(at);
          const reason = job && this.reasonToDrop(job, performance.now());
          if (reason) job.reject(reason);
        }
      },
    }),
  ],
  /** Jobs are given to executors without a check of their time limit. */
  'late run': [
    JobQueue,
    ({ take, reasonToDrop }) => ({
      take(this: any, ...of: unknown[]) {
        this.isTaking = true;
        const jobs = take.apply(this, of);
        this.isTaking = false;
        return jobs;
      },
      reasonToDrop(this: any, ...of: unknown[]) {
        return this.isTaking ? undefined : reasonToDrop.apply(this, of);
      },
    }),
  ],
  /** The memory of a request is not released if the request ends while it waits for its client. */
  'leaked budget': [
    Holding,
    ({ release }) => ({
      release(this: any) {
        if (!this.isWaiting) return release.call(this);
        this.isReleased = true;
        this.stopWaiting();
      },
    }),
  ],
  /** The scheduler reports that it has finished when no request is waiting, although one is still running. */
  'early exit': [
    Scheduler,
    () => ({
      busy: {
        get(this: any) {
          return this.queueLength > 0 || this.isSplitting;
        },
      },
    }),
  ],
};

export const PLANTED_BUGS = Object.keys(BUGS);

/** Plants a bug. @returns Function that removes the bug */
export function plant(bug: string): () => void {
  const [{ prototype }, wrong] = BUGS[bug] as (typeof BUGS)[string];
  const right = Object.getOwnPropertyDescriptors(prototype) as Record<string, PropertyDescriptor>;
  const values = Object.fromEntries(Object.entries(right).map(([name, { value }]) => [name, value]));
  const changed = wrong(values);
  for (const [name, value] of Object.entries(changed)) {
    const descriptor = typeof value === 'function' ? { value } : value;
    Object.defineProperty(prototype, name, { ...descriptor, configurable: true });
  }
  return () => {
    for (const name of Object.keys(changed)) Object.defineProperty(prototype, name, right[name] as PropertyDescriptor);
  };
}
