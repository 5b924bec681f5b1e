/** Places values between two ends of a picture. */
export interface Axis {
  readonly ticks: readonly number[];
  /** Of a value, in the picture's units. */
  place(value: number): number;
}

/** About so many ticks. */
const TICKS = 5;

/** From 0 to a round number, at least so much. */
export function linearAxis(most: number, from: number, to: number): Axis {
  const step = roundStep(most / TICKS);
  const count = Math.ceil(most / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, i) => i * step);
  return { ticks, place: (value) => from + ((to - from) * value) / (count * step) };
}

/** Between two of 1, 2, 5, 10, 20 and so on, around all of the values; equal factors are equally far apart. */
export function logAxis(values: readonly number[], from: number, to: number): Axis {
  const first = floorRound(Math.min(...values));
  const ticks = [first];
  while ((ticks.at(-1) as number) < Math.max(...values) || ticks.length < 2)
    ticks.push(nextRound(ticks.at(-1) as number));
  const [low, high] = [Math.log(first), Math.log(ticks.at(-1) as number)];
  const place = (value: number) => from + ((to - from) * (Math.log(value) - low)) / (high - low);
  return { ticks: ticks.length > 8 ? ticks.filter(isPowerOfTen) : ticks, place };
}

/** The values themselves, which double each time or about so. */
export function doublingAxis(ticks: readonly number[], from: number, to: number): Axis {
  const [low, high] = [ticks[0], ticks.at(-1)].map((tick) => Math.log2(tick as number)) as [number, number];
  // One value alone is in the middle.
  const place = (value: number) =>
    high === low ? (from + to) / 2 : from + ((to - from) * (Math.log2(value) - low)) / (high - low);
  return { ticks, place };
}

/** The smallest of 1, 2, 5 and their tenfolds that is as large. */
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

/** 0.3 rather than 0.30000000000000004. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
