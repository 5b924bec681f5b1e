/** Up to 1e22 they are exact; beyond, the nearest doubles. */
export const POWERS_OF_TEN = Float64Array.from({ length: 38 }, (_, exponent) => Number(`1e${exponent}`));

/** In the place of a magnitude that could not be read. (With NaN, V8 would allocate an object for each number.) */
export const UNREAD = -1;

/** The largest power of ten that is exact. */
export const EXACT = 22;

/** A double times this, and less what that exceeds it by, has the upper half of its bits (Veltkamp). */
const SPLITTER = 2 ** 27 + 1;

/** Far more than the rounding errors of what is added to the quotient, of which it is a part. */
const SLACK = 2 ** -96;

/**
 * `high` and `low` are the digits of one number: (high * 10^lowDigits + low) / 10^scale, correctly rounded. It is how
 * doubles of 16 and 17 digits are read: quotient and remainder of `high` are exact (Dekker's product), `low` is a small
 * addition to them, and only where a double cannot tell on which side of a tie the sum is does Number(text) have to.
 * @returns NaN where that is so, or where the digits are too many.
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

/** What a * b exceeds its double by, exactly. */
function productError(a: number, b: number): number {
  const aHigh = a * SPLITTER - (a * SPLITTER - a);
  const bHigh = b * SPLITTER - (b * SPLITTER - b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return aHigh * bHigh - a * b + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

/** A number as JSON writes it: its sign, the digits before and after its point, and its exponent. */
export const JSON_NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** More zeros than this before the point are beyond 64 bits; behind it, they leave a fraction, as texts are no longer. */
const MAX_ZEROS = 64;

/** The integer that a JSON number is, in whatever form: 1e18, 1.0. Undefined where it is none, or far beyond 64 bits. */
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
