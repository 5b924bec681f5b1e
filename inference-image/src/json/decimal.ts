/** Powers of ten: exact up to 1e22, and the nearest doubles beyond that. */
export const POWERS_OF_TEN = Float64Array.from({ length: 38 }, (_, exponent) => Number(`1e${exponent}`));

/** Marks a magnitude that could not be read. (With NaN, V8 would allocate an object for each number.) */
export const UNREAD = -1;

/** Exponent of the largest power of ten that a double represents exactly. */
export const EXACT = 22;

/** Factor of Veltkamp's splitting, which separates the upper half of a double's bits. */
const SPLITTER = 2 ** 27 + 1;

/** Bound well above the rounding errors of the addition, relative to the quotient. */
const SLACK = 2 ** -96;

/**
 * Correctly rounded value of (high * 10^lowDigits + low) / 10^scale, where `high` and `low` together are the digits of
 * one number. Used for numbers with 16 or 17 digits. The quotient and remainder of `high` are exact (Dekker's product),
 * and `low` adds only a small amount. If the result is too close to a tie for doubles to decide, the caller must use
 * Number(text).
 * @returns The value, or UNREAD if the result is too close to a tie or there are too many digits.
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

/** Exact difference between the product of a and b and the double a * b. */
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
 * Largest absolute value of the decimal exponent. With a larger exponent, the integer exceeds 64 bits. With a smaller
 * one, the value is an integer only if its digits end in more than 64 zeros; such numbers are not supported.
 */
const MAX_ZEROS = 64;

/**
 * Exact integer value of a JSON number in any form, such as 1e18 or 1.0; undefined if it is not an integer, is far
 * beyond 64 bits, or has more than 64 decimal places.
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
