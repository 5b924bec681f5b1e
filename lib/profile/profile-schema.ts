import * as z from 'zod';
import type { ModelProfile } from './model-profile';

const count = () => z.int().positive();
const amount = () => z.number().nonnegative();
/** Number above 0, because it is used as a divisor. */
const positive = () => z.number().positive();
const text = () => z.string().min(1);

const runs = z
  .array(
    z.object({
      threads: count(),
      batchSize: count(),
      p50Seconds: positive(),
      p90Seconds: positive(),
      rowsPerSecond: positive(),
    }),
  )
  .min(1)
  .refine((all) => all.every(({ threads }) => all.some((run) => run.threads === threads && run.batchSize === 1)), {
    error: 'each number of threads needs a run of one row',
  });

const measuredSize = {
  dimensions: z.record(z.string(), count()),
  runs,
  served: z.object({
    threads: count().optional(),
    maxBatchSize: count().optional(),
    rowsPerRun: positive().optional(),
    clients: count(),
    cpuSecondsPerRequest: amount(),
    loopSecondsPerRequest: amount(),
    requestsPerSecond: positive(),
    p50Seconds: positive(),
    p99Seconds: positive(),
  }),
};

/** Schema of a profile. This module is loaded only for profiles that are not in the cache. */
export const profileSchema = z.object({
  profileVersion: z.literal(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits'),
  runtimeVersion: text(),
  measuredAt: z.iso.datetime(),
  machine: z.object({
    cpu: text(),
    cpus: positive(),
    cpuSpeed: positive().optional(),
    memoryMiB: positive(),
    platform: text(),
    node: text(),
    otherLoad: amount().optional(),
  }),
  ...measuredSize,
  sizes: z.array(z.object(measuredSize)).optional(),
  start: z.object({ loadSeconds: amount(), warmUpSeconds: amount(), readySeconds: amount() }),
  memory: z.object({ readyMiB: positive(), peakMiB: positive(), executorMiB: amount() }),
}) satisfies z.ZodType<ModelProfile>;
