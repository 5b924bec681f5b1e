import { writeFileSync } from 'node:fs';
import { OnnxModel, type MeasuredRun, type ModelProfile, type OnnxModelProps } from 'cdktf-model-serving';
import { RUNTIME_VERSION } from '../../lib/model/runtime-limits';
import { pathBeside } from '../../lib/base/committed-file';

/** Measured runs of a profile. @param milliseconds Duration of a run, by number of rows */
export function ladder(threads: number, milliseconds: Record<number, number>): MeasuredRun[] {
  return Object.entries(milliseconds).map(([rows, time]) => ({
    threads,
    batchSize: Number(rows),
    p50Seconds: time / 1000,
    p90Seconds: (1.2 * time) / 1000,
    rowsPerSecond: Number(rows) / (time / 1000),
  }));
}

/**
 * Profile of a model that answers a thousand requests per second with one thread, in batches of 16. The event loop
 * could feed five such executors.
 */
export function profileOf(sha256: string, changes: Partial<ModelProfile> = {}): ModelProfile {
  return {
    profileVersion: 1,
    sha256,
    runtimeVersion: RUNTIME_VERSION,
    measuredAt: '2026-11-25T10:00:00.000Z',
    machine: { cpu: 'AMD EPYC 9B14', cpus: 4, memoryMiB: 8192, platform: 'linux/x64', node: 'v24.21.0' },
    dimensions: {},
    runs: [...ladder(1, { 1: 2, 4: 5, 8: 8.8, 16: 16, 32: 32 }), ...ladder(2, { 1: 1.2, 8: 4.6, 16: 8.5 })],
    served: {
      clients: 64,
      cpuSecondsPerRequest: 0.0012,
      loopSecondsPerRequest: 0.0002,
      requestsPerSecond: 1000,
      p50Seconds: 0.06,
      p99Seconds: 0.1,
    },
    start: { loadSeconds: 0.02, warmUpSeconds: 0.003, readySeconds: 0.5 },
    memory: { readyMiB: 110, peakMiB: 137.5, executorMiB: 20.5 },
    ...changes,
  };
}

/** Writes a profile beside a model's file, and reads the model. */
export function profiledModel(
  path: string,
  changes: Partial<ModelProfile> = {},
  props: OnnxModelProps = {},
): OnnxModel {
  const { sha256 } = OnnxModel.fromFile(path, { profile: false });
  writeFileSync(pathBeside(path, 'profile'), JSON.stringify(profileOf(sha256, changes)));
  return OnnxModel.fromFile(path, props);
}
