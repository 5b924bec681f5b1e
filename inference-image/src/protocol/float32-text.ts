import { EXACT, POWERS_OF_TEN } from './decimal';

/**
 * A double that prints shorter than `value` does and rounds to the same 32-bit float. The doubles nearest to 32-bit
 * floats print up to 17 digits (0.1 as 0.10000000149011612) where 8 or 9 tell them apart: this about halves the text,
 * in no more time, since short numbers are faster to print.
 * @param value A finite 32-bit float.
 */
export function shortFloat32(value: number): number {
  const magnitude = Math.abs(value);
  const decimals = decimalsFor(magnitude);
  if (decimals === 0) {
    const small = { digits: 0, scale: 0 };
    if (readSmall(magnitude, small)) return Math.sign(value) * Number(`${small.digits}e-${small.scale}`);
    return magnitude < SMALL || magnitude >= LARGE ? fewestDigits(value) : value;
  }
  const scale = POWERS_OF_TEN[decimals] as number;
  const eightDigits = Math.round(value * scale) / scale;
  if (Math.fround(eightDigits) === value) return eightDigits;
  const nineDigits = Math.round(value * scale * 10) / (scale * 10);
  return Math.fround(nineDigits) === value ? nineDigits : value;
}

/** Outside of these a number is printed with an exponent. */
const [SMALL, LARGE] = [1e-6, 1e21];
/** Of the floats that have all their bits. */
const SMALLEST_NORMAL = 2 ** -126;

/** Every 32-bit float has a decimal of so many digits or fewer that rounds to it. */
const MAX_DIGITS = 9;
/** So many digits are never one too many, except below the smallest normal float. */
const MIN_DIGITS = 6;

/** The same by the digits of its text, which takes long. */
function fewestDigits(value: number): number {
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : MIN_DIGITS; digits < MAX_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(MAX_DIGITS));
}

/** Far more than what two products and two quotients are rounded by. */
const [BELOW, ABOVE] = [1 - 2 ** -49, 1 + 2 ** -49];

/** The number digits / 10^scale. */
export interface Decimal {
  digits: number;
  scale: number;
}

/**
 * Finds the decimal of fewest digits for a float below 1e-6, such as softmax gives by the thousand, in a tenth of the time
 * of `toPrecision`.
 * @param decimal Gets the result. One object can serve for all floats of an array.
 * @returns Whether there is a result: there is none for larger floats, for those without all their bits, and where a
 * double is not exact enough.
 */
export function readSmall(magnitude: number, decimal: Decimal): boolean {
  if (!(magnitude < SMALL && magnitude >= SMALLEST_NORMAL)) return false;
  const exponent = Math.floor(Math.log10(magnitude));
  for (let count = MIN_DIGITS; count <= MAX_DIGITS; count++) {
    // At most 46: a power of 22 is exact, and the rest is small.
    const scale = count - 1 - exponent;
    const rest = POWERS_OF_TEN[Math.max(0, scale - EXACT)] as number;
    const power = POWERS_OF_TEN[Math.min(scale, EXACT)] as number;
    const digits = Math.round(magnitude * power * rest);
    const nearest = digits / power / rest;
    if (Math.fround(nearest * BELOW) !== magnitude || Math.fround(nearest * ABOVE) !== magnitude) continue;
    decimal.digits = digits;
    decimal.scale = scale;
    return true;
  }
  return false;
}

/** The places after the point that keep eight significant digits; 0 for magnitudes that are not read off in this way. */
export function decimalsFor(magnitude: number): number {
  if (magnitude >= 1) {
    if (magnitude < 1e1) return 7;
    if (magnitude < 1e2) return 6;
    if (magnitude < 1e3) return 5;
    if (magnitude < 1e4) return 4;
    if (magnitude < 1e5) return 3;
    return magnitude < 1e6 ? 2 : 0;
  }
  if (magnitude >= 1e-1) return 8;
  if (magnitude >= 1e-2) return 9;
  if (magnitude >= 1e-3) return 10;
  if (magnitude >= 1e-4) return 11;
  return magnitude >= SMALL ? 13 : 0;
}
