/** Rounds up to a multiple of `step`. Ignores floating-point noise: 0.1 + 0.2 is 0.3. */
export function roundUp(value: number, step: number): number {
  return withoutNoise(Math.ceil(withoutNoise(value / step)) * step);
}

/** Rounds down to three significant digits, which loses less than 1 %. */
export function roundDown(value: number): number {
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return withoutNoise(Math.floor(withoutNoise(value / step)) * step);
}

/** Removes floating-point noise: 0.30000000000000004 becomes 0.3. */
export function withoutNoise(value: number): number {
  return Number(value.toPrecision(12));
}
