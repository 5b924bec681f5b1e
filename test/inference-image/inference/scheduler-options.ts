import type { Dimension, Signature } from '../../../inference-image/src/contract/signature';
import type { Tensor } from '../../../inference-image/src/inference/tensor';
import type { SchedulerOptions } from '../../../inference-image/src/inference/scheduler';

/** Options of a scheduler for y: FP32 [n, 2] of x: FP32 [n, 2], with room for all but what a test is about. */
export function schedulerOptions(options: Partial<SchedulerOptions> = {}): SchedulerOptions {
  return {
    maxQueueLength: 1000,
    maxQueueRows: 1000,
    maxQueueBytes: 1e6,
    queueTimeoutSeconds: 10,
    maxBatchDelaySeconds: 0,
    signature: signatureOf(['n', 2]),
    axes: { inputAxes: [0], outputAxes: [0] },
    ...options,
  };
}

/** y of x, both FP32 of these dimensions. */
export function signatureOf(dimensions: Dimension[]): Signature {
  return {
    inputs: [{ name: 'x', datatype: 'FP32', dimensions }],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions }],
  };
}

/** Rows for that signature: row i holds the numbers from 2 * (start + i) on. */
export function rowsOf(rows: number, start = 0): Tensor {
  const data = Float32Array.from({ length: rows * 2 }, (_, i) => 2 * start + i);
  return { name: 'x', datatype: 'FP32', shape: [rows, 2], data };
}
