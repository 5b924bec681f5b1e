/** To a multiple of `step`; 0.1 + 0.2 is no more than 0.3. */
export function roundUp(value: number, step: number): number {
  return withoutNoise(Math.ceil(withoutNoise(value / step)) * step);
}

/** To three significant digits: that loses less than 1 % of what was measured. */
export function roundDown(value: number): number {
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return withoutNoise(Math.floor(withoutNoise(value / step)) * step);
}

function withoutNoise(value: number): number {
  return Number(value.toPrecision(12));
}
