import type { FreeDimensions } from './free-dimensions';

/** Two sizes for each free dimension. */
export interface TrialSizes {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** Different dimensions have sizes that differ, by amounts that differ too: `n + 1` is never the size of another one. */
const SMALL: TrialSizes = { first: [2, 3, 5, 7, 11, 13, 17, 19], second: [5, 7, 11, 17, 23, 31, 41, 53] };

/** Kernels, strides, windows of sound and patches of pictures need so much, or a multiple. */
const STEPS = [8, 32, 64, 128, 224, 256, 512, 1024, 4096, 16_384];

/**
 * Sizes to try, from small to large, until a model takes one of them. Where one can tell dimensions apart, that comes
 * first: then those that some models need equal, as the rows of several inputs and the sides of a picture.
 */
export function* trialSizes(free: FreeDimensions): Generator<TrialSizes> {
  const seen = new Set<string>();
  for (const sizes of allSizes(free.areRows)) {
    const key = sizes.first.join(' ');
    if (!seen.has(key)) yield sizes;
    seen.add(key);
  }
}

function* allSizes(areRows: readonly boolean[]): Generator<TrialSizes> {
  const all = areRows.length;
  const others = areRows.filter((isRow) => !isRow).length;
  const place = (rows: number, sizes: readonly number[]) => {
    let next = 0;
    return areRows.map((isRow) => (isRow ? rows : sizes[next++]!));
  };
  const small = { first: take(SMALL.first, all), second: take(SMALL.second, all) };
  yield small;
  yield { first: place(2, small.first.slice(1).concat(3)), second: place(5, small.second.slice(1).concat(7)) };
  yield { first: Array<number>(all).fill(3), second: Array<number>(all).fill(5) };
  yield { first: place(1, small.first.slice(1).concat(3)), second: place(2, small.second.slice(1).concat(7)) };
  if (others === 0) return;
  for (const step of STEPS) {
    const multiples = Array.from({ length: others }, (_, i) => step * (i + 1));
    // Other sizes for each, and of no more elements.
    const turned = others === 1 ? [2 * step] : [...multiples.slice(1), step];
    const [one, two] = [Array<number>(others).fill(step), Array<number>(others).fill(2 * step)];
    for (const [rows, moreRows] of [
      [2, 3],
      [1, 2],
    ] as const) {
      yield { first: place(rows, multiples), second: place(moreRows, turned) };
      yield { first: place(rows, one), second: place(moreRows, two) };
    }
  }
}

/** So many of them; beyond their number they repeat. */
function take(sizes: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => sizes[i % sizes.length]!);
}

/**
 * What to try where a model takes the first sizes and not the second: rows alone, all others alone, each dimension
 * alone.
 */
export function* partialSizes(
  { first, second }: TrialSizes,
  areRows: readonly boolean[],
): Generator<readonly number[]> {
  const change = (isChanged: (index: number) => boolean) =>
    first.map((size, index) => (isChanged(index) ? second[index]! : size));
  yield change((index) => areRows[index]!);
  yield change((index) => !areRows[index]!);
  for (const [changed] of first.entries()) yield change((index) => index === changed);
}
