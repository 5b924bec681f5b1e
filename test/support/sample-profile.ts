import type { ModelProfile } from '../../lib/profile/model-profile';
import { ladder, profileOf } from './profiles';

/**
 * Profile with two ladders. With one thread, the rate hardly grows beyond 4 rows per run; with two threads, beyond 8.
 */
export const sampleProfile: ModelProfile = profileOf('0'.repeat(64), {
  measuredAt: '2026-11-25T10:20:30.000Z',
  machine: { cpu: 'AMD EPYC 9B14', cpus: 2, memoryMiB: 7962, platform: 'linux/x64', node: 'v24.21.0' },
  dimensions: { sequence: 128 },
  runs: [...ladder(1, { 1: 2, 2: 3, 4: 5, 8: 9.9 }), ...ladder(2, { 1: 1.25, 8: 5, 16: 9.8 })],
  served: {
    clients: 64,
    cpuSecondsPerRequest: 0.00141,
    loopSecondsPerRequest: 0.000155,
    requestsPerSecond: 702.5,
    p50Seconds: 0.0901,
    p99Seconds: 0.1234,
  },
  start: { loadSeconds: 0.012, warmUpSeconds: 0.0021, readySeconds: 1.351 },
  memory: { readyMiB: 142, peakMiB: 1163, executorMiB: 26 },
});
