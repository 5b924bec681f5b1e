/** The value below which the fraction `part` of all values lies, without interpolation; NaN if there are no values. */
export function quantile(values: ArrayLike<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** Rounds to four significant digits. More digits would be noise. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
