/** An axis of a chart, which maps values to coordinates. */
export interface Axis {
  readonly ticks: readonly number[];
  /** Returns the coordinate of a value, in the chart's units. */
  place(value: number): number;
}

/** Approximate number of ticks. */
const TICKS = 5;

/** Linear axis from 0 to the first tick that is at least `most`. */
export function linearAxis(most: number, from: number, to: number): Axis {
  const step = roundStep(most / TICKS);
  const count = Math.ceil(most / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, i) => i * step);
  return { ticks, place: (value) => from + ((to - from) * value) / (count * step) };
}

/** Logarithmic axis that covers all values. Its ends are round numbers: 1, 2, 5, 10, 20 and so on. */
export function logAxis(values: readonly number[], from: number, to: number): Axis {
  const first = floorRound(Math.min(...values));
  const ticks = [first];
  while ((ticks.at(-1) as number) < Math.max(...values) || ticks.length < 2)
    ticks.push(nextRound(ticks.at(-1) as number));
  const [low, high] = [Math.log(first), Math.log(ticks.at(-1) as number)];
  const place = (value: number) => from + ((to - from) * (Math.log(value) - low)) / (high - low);
  return { ticks: ticks.length > 8 ? ticks.filter(isPowerOfTen) : ticks, place };
}

/** Logarithmic axis with a tick at each value. The values roughly double from tick to tick. */
export function doublingAxis(ticks: readonly number[], from: number, to: number): Axis {
  const [low, high] = [ticks[0], ticks.at(-1)].map((tick) => Math.log2(tick as number)) as [number, number];
  // A single tick is placed in the middle.
  const place = (value: number) =>
    high === low ? (from + to) / 2 : from + ((to - from) * (Math.log2(value) - low)) / (high - low);
  return { ticks, place };
}

/** Smallest round number that is at least `least`: 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= least * (1 - 1e-9)) as number;
  return clean(factor * power);
}

function floorRound(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const factor = [5, 2, 1].find((candidate) => candidate * power <= value * (1 + 1e-9)) ?? 1;
  return clean(factor * power);
}

function nextRound(value: number): number {
  return roundStep(value * 1.5);
}

function isPowerOfTen(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

/** Removes floating-point noise: 0.3 instead of 0.30000000000000004. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
