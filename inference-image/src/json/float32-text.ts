import { EXACT, POWERS_OF_TEN } from './decimal';

/**
 * Finds a double whose text is shorter than that of `value` and that rounds to the same 32-bit float. A 32-bit float
 * converted to a double is printed with up to 17 digits (0.1 as 0.10000000149011612), although 8 or 9 digits identify
 * it. Printing the shorter double makes the JSON about half as long and takes no extra time, because short numbers are
 * printed faster.
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

/** Range in which numbers are printed without an exponent. */
const [SMALL, LARGE] = [1e-6, 1e21];
/** Smallest normal 32-bit float; subnormal floats have fewer significant bits. */
const SMALLEST_NORMAL = 2 ** -126;

/** Number of digits that is enough to identify every 32-bit float. */
const MAX_DIGITS = 9;
/** Number of digits that every normal 32-bit float preserves, so that shorter decimals need not be tried. */
const MIN_DIGITS = 6;

/** Finds the shortest decimal by printing the value, which is slow. */
function fewestDigits(value: number): number {
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : MIN_DIGITS; digits < MAX_DIGITS; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(MAX_DIGITS));
}

/** Bounds well beyond the rounding errors of two products and two quotients. */
const [BELOW, ABOVE] = [1 - 2 ** -49, 1 + 2 ** -49];

/** The number digits / 10^scale. */
export interface Decimal {
  digits: number;
  scale: number;
}

/**
 * Finds the shortest decimal of a float below 1e-6, in a tenth of the time of `toPrecision`. Softmax returns thousands
 * of such floats.
 * @param decimal Receives the result. The same object can be used for all floats of an array.
 * @returns Whether there is a result. There is none for larger floats, for subnormal floats, or if doubles are not
 * exact enough.
 */
export function readSmall(magnitude: number, decimal: Decimal): boolean {
  if (!(magnitude < SMALL && magnitude >= SMALLEST_NORMAL)) return false;
  const exponent = Math.floor(Math.log10(magnitude));
  for (let count = MIN_DIGITS; count <= MAX_DIGITS; count++) {
    // The scale is at most 46. The power of ten is split into a factor of up to 1e22, which is exact, and the rest.
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

/** Number of decimal places that keep eight significant digits; 0 for magnitudes that need a different method. */
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
