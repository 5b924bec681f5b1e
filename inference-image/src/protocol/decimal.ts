/** Up to 1e22 they are exact; beyond, the nearest doubles. */
export const POWERS_OF_TEN = Float64Array.from({ length: 38 }, (_, exponent) => Number(`1e${exponent}`));

const EXACT = 22;

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
  if (highScale < 0 || highScale > EXACT || lowDigits > 15) return NaN;
  const power = POWERS_OF_TEN[highScale] as number;
  const nearest = high / power;
  const remainder = high - nearest * power - productError(nearest, power);
  const addition = remainder / power + low / (POWERS_OF_TEN[scale] as number);
  const slack = nearest * SLACK;
  const value = nearest + (addition - slack);
  return value === nearest + (addition + slack) ? value : NaN;
}

/** What a * b exceeds its double by, exactly. */
function productError(a: number, b: number): number {
  const aHigh = a * SPLITTER - (a * SPLITTER - a);
  const bHigh = b * SPLITTER - (b * SPLITTER - b);
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aHigh * bHigh - a * b + aHigh * bLow + aLow * bHigh + aLow * bLow;
}
