/** Powers of ten: exact up to 1e22, then the nearest doubles. */
export const POWERS_OF_TEN = Float64Array.from({ length: 38 }, (_, exponent) => Number(`1e${exponent}`));

/** Marks a magnitude that could not be read. (With NaN, V8 would allocate an object for each number.) */
export const UNREAD = -1;

/** The largest power of ten that is exact. */
export const EXACT = 22;

/** Factor of Veltkamp's splitting, which separates the upper half of a double's bits. */
const SPLITTER = 2 ** 27 + 1;

/** Bound well above the rounding errors of the addition, relative to the quotient. */
const SLACK = 2 ** -96;

/**
 * Correctly rounded value of (high * 10^lowDigits + low) / 10^scale, where `high` and `low` are the digits of one
 * number. It reads doubles with 16 and 17 digits. The quotient and remainder of `high` are exact (Dekker's product),
 * and `low` is a small addition to them. If a double cannot determine the side of a tie, the caller must use
 * Number(text).
 * @returns UNREAD in that case, or if there are too many digits.
 */
export function quotient(high: number, low: number, lowDigits: number, scale: number): number {
  const highScale = scale - lowDigits;
  if (highScale < 0 || highScale > EXACT || lowDigits > 15) return UNREAD;
  const power = POWERS_OF_TEN[highScale] as number;
  const nearest = high / power;
  const remainder = high - nearest * power - productError(nearest, power);
  const addition = remainder / power + low / (POWERS_OF_TEN[scale] as number);
  const slack = nearest * SLACK;
  const value = nearest + (addition - slack);
  return value === nearest + (addition + slack) ? value : UNREAD;
}

/** Exact difference between a * b and its double. */
function productError(a: number, b: number): number {
  const aHigh = a * SPLITTER - (a * SPLITTER - a);
  const bHigh = b * SPLITTER - (b * SPLITTER - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aHigh * bHigh - a * b + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** A JSON number: its sign, the digits before and after its point, and its exponent. */
export const JSON_NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/**
 * Limit on the power of ten. More zeros exceed 64 bits; more decimal places leave a fraction, because texts are not
 * that long.
 */
const MAX_ZEROS = 64;

/**
 * Exact integer value of a JSON number in any form, such as 1e18 or 1.0; undefined if it is not an integer, or far
 * beyond 64 bits.
 */
export function exactInteger(text: string): bigint | undefined {
  const match = JSON_NUMBER.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(sign + whole + fraction);
  const zeros = Number(exponent) - fraction.length;
  if (digits === 0n) return 0n;
  if (Math.abs(zeros) > MAX_ZEROS) return undefined;
  const power = 10n ** BigInt(Math.abs(zeros));
  if (zeros >= 0) return digits * power;
  return digits % power === 0n ? digits / power : undefined;
}
