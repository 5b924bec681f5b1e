/** Formats a duration with three digits in the most readable unit: `812 µs`, `1.25 ms`, `20 s`. */
export function durationText(seconds: number): string {
  if (seconds < 0.9995e-3) return `${digits(1e6 * seconds)} µs`;
  if (seconds < 0.9995) return `${digits(1e3 * seconds)} ms`;
  return `${digits(seconds)} s`;
}

/** Formats a rate with three digits: `12,300`, `0.25`. */
export function rateText(perSecond: number): string {
  return digits(perSecond);
}

function digits(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}
