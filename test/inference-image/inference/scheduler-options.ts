import type { Dimension, Signature } from '../../../inference-image/src/contract/signature';
import type { Tensor } from '../../../inference-image/src/tensor/tensor';
import type { SchedulerOptions } from '../../../inference-image/src/inference/scheduler';

/**
 * Options of a scheduler for a model from x: FP32 [n, 2] to y: FP32 [n, 2]. The limits are high unless the test sets
 * them.
 */
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

/** Signature of a model from x to y, which are both FP32 with the given dimensions. */
export function signatureOf(dimensions: Dimension[]): Signature {
  return {
    inputs: [{ name: 'x', datatype: 'FP32', dimensions }],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions }],
  };
}

/** Rows for the signature of `schedulerOptions`: row i contains 2 * (start + i) and the next number. */
export function rowsOf(rows: number, start = 0): Tensor {
  const data = Float32Array.from({ length: rows * 2 }, (_, i) => 2 * start + i);
  return { name: 'x', datatype: 'FP32', shape: [rows, 2], data };
}
