import type { Tensor } from '../tensor/tensor';
import { halfValue } from '../contract/half';

/** Safety factor, because rounding on other processors may cause larger differences than were measured on this one. */
const FACTOR = 10;

/** Smallest tolerance, as a fraction of an output's largest magnitude. */
const LEAST: Partial<Record<Tensor['datatype'], number>> = { FP16: 2e-3, FP32: 2e-6, FP64: 2e-6 };

/** Largest tolerance, as a fraction of an output's largest magnitude; a wider one would accept wrong answers. */
const MOST = 0.1;

/** Relative change of inputs, equal to the last few bits of FP32. */
const STEP = 2 ** -22;

/** Changes the inputs in the last few bits of their precision. */
export function nudged(inputs: readonly Tensor[], random: () => number): Tensor[] {
  return inputs.map((tensor) => {
    const { datatype, data } = tensor;
    if (datatype !== 'FP32' && datatype !== 'FP64') return tensor;
    return { ...tensor, data: (data as Float32Array).map((value) => value * (1 + (2 * random() - 1) * STEP)) };
  });
}

/**
 * Computes the tolerance for the elements of an output from the measured effect of rounding.
 *
 * @param others The same output, computed with different rounding.
 * @returns The tolerance; undefined for datatypes that rounding does not affect.
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

/** Largest possible tolerance of an output; undefined for datatypes that rounding does not affect. */
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

/** Rounds up to one significant digit. */
function roundedUp(value: number): number {
  const text = value.toExponential(0);
  const [digit, exponent] = text.split('e') as [string, string];
  return Number(text) >= value ? Number(text) : Number(`${Number(digit) + 1}e${exponent}`);
}
