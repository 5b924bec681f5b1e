/** The value below which that part of all lie: the nearest of them; NaN where there is none. */
export function quantile(values: ArrayLike<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** To so many digits that a second measurement may agree on: what is more is noise, and changes every line of a file. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
