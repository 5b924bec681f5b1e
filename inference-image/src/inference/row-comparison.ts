import type { Datatype } from '../contract/signature';
import { halfValue } from '../contract/half';
import { sameBits, sameSizes } from './rows';
import type { Tensor } from '../tensor/tensor';

/** Differences that the trial of rows allows: rounding, or none. */
export type RowTolerance = 'rounding' | 'none';

/**
 * Allowed difference between an element computed in a batch and computed alone, as a fraction of the largest magnitude
 * in the row's output. docs/server.md has the measurements.
 */
const FLOAT_TOLERANCE: Partial<Record<Datatype, number>> = { FP16: 1e-2, FP32: 1e-3, FP64: 1e-3 };

/**
 * Allowed difference of quantized values, in quantization steps. Wider integers are indices or counts, which rounding
 * does not change.
 */
const STEP_TOLERANCE: Partial<Record<Datatype, number>> = { INT8: 1, UINT8: 1, INT16: 1, UINT16: 1 };

export interface RowComparison {
  /**
   * Largest difference of a floating-point output, as a fraction of the row's largest magnitude; 0 for other outputs.
   */
  readonly difference: number;
  /** Description of a difference beyond the tolerance. */
  readonly excess?: string;
}

/** Compares a row's output when computed alone with its output when computed in a batch. */
export function compareRow(alone: Tensor, together: Tensor, tolerance: RowTolerance): RowComparison {
  if (!sameSizes(alone.shape, together.shape)) {
    return {
      difference: 0,
      excess: `has shape [${together.shape}] for a row, but shape [${alone.shape}] for the same row alone`,
    };
  }
  if (sameBits(alone.data, together.data)) return { difference: 0 };
  const differs = 'differs from the output for the same row alone';
  const floatTolerance = FLOAT_TOLERANCE[alone.datatype];
  if (floatTolerance !== undefined) {
    const difference = shareOfLargest(alone, together);
    if (tolerance === 'none')
      return { difference, excess: `${differs} by ${shareText(difference)}; no bit may differ` };
    if (difference <= floatTolerance) return { difference };
    return { difference, excess: `${differs} by ${shareText(difference)}; up to ${floatTolerance} is allowed` };
  }
  const allowed = STEP_TOLERANCE[alone.datatype] ?? 0;
  return {
    difference: 0,
    excess: tolerance === 'rounding' && isWithin(allowed, alone, together) ? undefined : differs,
  };
}

function shareText(difference: number): string {
  return `${Number(difference.toPrecision(2))} of its largest magnitude`;
}

/** Largest difference as a fraction of the largest magnitude; Infinity if a non-finite value differs. */
function shareOfLargest(alone: Tensor, together: Tensor): number {
  const [a, b] = [alone, together].map(({ datatype, data }) => {
    const numbers = data as Float32Array | Float64Array | Uint16Array;
    return datatype === 'FP16' ? Float32Array.from(numbers, halfValue) : numbers;
  }) as [Float32Array, Float32Array];
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const apart = Math.abs(x - y);
    difference = Math.max(difference, Number.isFinite(apart) ? apart : Infinity);
  }
  return difference === 0 ? 0 : difference / largest;
}

function isWithin(steps: number, { data: a }: Tensor, { data: b }: Tensor): boolean {
  if (steps === 0 || Array.isArray(a)) return false;
  return a.every((value: number | bigint, i: number) => Math.abs(Number(value) - Number(b[i])) <= steps);
}
