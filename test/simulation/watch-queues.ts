import type { Job } from '../../inference-image/src/inference/job';
import { JobQueue, type QueueLimits } from '../../inference-image/src/inference/job-queue';
import type { Witness } from './witness';

/**
 * Reports the operations of all job queues to a witness.
 *
 * @returns Function that stops the reports
 */
export function watchQueues(witness: () => Witness): () => void {
  const { prototype } = JobQueue;
  const { add, take, putBack, assertRoom } = prototype;
  Object.assign(prototype, {
    add(this: JobQueue, job: Job) {
      witness().adds(this, job);
      add.call(this, job);
    },
    take(this: JobQueue, ...of: Parameters<typeof take>) {
      const jobs = take.apply(this, of);
      witness().takes(jobs);
      return jobs;
    },
    putBack(this: JobQueue, jobs: readonly Job[]) {
      witness().putsBack(jobs);
      putBack.call(this, jobs);
    },
    assertRoom(this: JobQueue, rows = 0, bytes = 0) {
      const { limits } = this as unknown as { limits: QueueLimits };
      let isAdmitted = false;
      try {
        assertRoom.call(this, rows, bytes);
        isAdmitted = true;
      } finally {
        witness().admits(limits, rows, bytes, isAdmitted);
      }
    },
  });
  return () => Object.assign(prototype, { add, take, putBack, assertRoom });
}
