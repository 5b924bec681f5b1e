import type { Tensor } from '../inference/tensor';
import { halfValue } from '../contract/half';

/** Other processors round otherwise, and by more than is seen on one. */
const FACTOR = 10;

/** Of the largest magnitude of an output: what rounding alone may make of it where none is seen. */
const LEAST: Partial<Record<Tensor['datatype'], number>> = { FP16: 2e-3, FP32: 2e-6, FP64: 2e-6 };

/** Of the same magnitude: a wider tolerance would let wrong answers pass. */
const MOST = 0.1;

/** Step by which inputs are moved: a few bits of what FP32 can represent. */
const STEP = 2 ** -22;

/** The same inputs, as far as numbers of that size can tell. */
export function nudged(inputs: readonly Tensor[], random: () => number): Tensor[] {
  return inputs.map((tensor) => {
    const { datatype, data } = tensor;
    if (datatype !== 'FP32' && datatype !== 'FP64') return tensor;
    return { ...tensor, data: (data as Float32Array).map((value) => value * (1 + (2 * random() - 1) * STEP)) };
  });
}

/**
 * Allowed difference for the elements of an output, from what rounding makes of it.
 *
 * @param others - the same output, computed otherwise
 * @returns undefined for what rounding does not move
 */
export function roundingTolerance(output: Tensor, others: readonly Tensor[]): number | undefined {
  const least = LEAST[output.datatype];
  if (least === undefined) return undefined;
  const expected = valuesOf(output);
  let noise = 0;
  for (const other of others) {
    const values = valuesOf(other);
    for (let i = 0; i < expected.length; i++) {
      const apart = Math.abs(expected[i]! - values[i]!);
      if (Number.isFinite(apart)) noise = Math.max(noise, apart);
    }
  }
  return Math.min(roundedUp(Math.max(FACTOR * noise, least * largest(expected))), mostTolerance(output)!);
}

/** The widest tolerance that an output can have; undefined for what rounding does not move. */
export function mostTolerance(output: Tensor): number | undefined {
  if (LEAST[output.datatype] === undefined) return undefined;
  return Number((MOST * largest(valuesOf(output))).toPrecision(2));
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
}

function valuesOf({ datatype, data }: Tensor): Float64Array {
  const numbers = data as Float32Array;
  return datatype === 'FP16' ? Float64Array.from(numbers, halfValue) : Float64Array.from(numbers);
}

/** To one digit. */
function roundedUp(value: number): number {
  const text = value.toExponential(0);
  const [digit, exponent] = text.split('e') as [string, string];
  return Number(text) >= value ? Number(text) : Number(`${Number(digit) + 1}e${exponent}`);
}
