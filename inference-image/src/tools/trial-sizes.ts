/** Sizes of the free dimensions: for the first run, and for further runs, with the most informative run first. */
export interface TrialSizes {
  readonly first: readonly number[];
  readonly next: readonly (readonly number[])[];
}

/** Numbers of rows for the first and the next runs. In each run, different dimensions have different sizes. */
const ROWS = { first: [2, 3, 5, 7, 11, 13], next: [3, 7, 11, 17, 23, 29] };
const OTHERS = {
  first: [3, 5, 7, 11, 13, 17, 19, 23],
  /**
   * Sizes larger than the factor by which a network usually shrinks its input, which may turn both 2 and 5 pixels into
   * 1.
   */
  large: [67, 83, 101, 127, 149, 173, 197, 223],
  /** Sizes that are not among the first sizes, so that every dimension changes. */
  small: [9, 14, 15, 21, 25, 27, 33, 39],
};

/**
 * Sizes that models require, or whose multiples they require, because of kernels, strides, audio windows and picture
 * patches.
 */
const STEPS = [8, 32, 64, 128, 224, 256, 512, 1024, 4096, 16_384];

/**
 * Combinations of sizes to try, from small to large, until the model accepts one. Combinations of different sizes come
 * first, because they distinguish dimensions. Combinations of equal sizes follow, because some models require them, for
 * example for the sides of a picture.
 *
 * @param areRows For each free dimension, whether it probably counts rows.
 */
export function* trialSizes(areRows: readonly boolean[]): Generator<TrialSizes> {
  const seen = new Set<string>();
  for (const sizes of allSizes(areRows)) {
    const key = sizes.first.join(' ');
    if (!seen.has(key)) yield sizes;
    seen.add(key);
  }
}

function* allSizes(areRows: readonly boolean[]): Generator<TrialSizes> {
  const place = placing(areRows);
  const all = <T>(value: T) => areRows.map(() => value);
  // Omits sizes that equal a number of rows.
  const others = OTHERS.first.slice(areRows.filter(Boolean).length);
  yield {
    first: place(ROWS.first, others),
    next: [place(ROWS.next, OTHERS.large), place(ROWS.next, OTHERS.small)],
  };
  yield { first: place(all(2), OTHERS.first), next: [place(all(3), OTHERS.large), place(all(3), OTHERS.small)] };
  yield { first: all(3), next: [all(64), all(5)] };
  yield { first: place(all(1), OTHERS.first), next: [place(all(2), OTHERS.large), place(all(2), OTHERS.small)] };
  yield* steppedSizes(areRows.includes(false) ? areRows : all(false));
}

function* steppedSizes(areRows: readonly boolean[]): Generator<TrialSizes> {
  const place = placing(areRows);
  const all = <T>(value: T) => areRows.map(() => value);
  const count = areRows.filter((isRow) => !isRow).length;
  for (const step of STEPS) {
    const multiples = Array.from({ length: count }, (_, i) => step * (i + 1));
    // Uses the same sizes in a different order, so that the number of elements does not grow.
    const turned = count === 1 ? [2 * step] : [...multiples.slice(1), step];
    for (const rows of [2, 1]) {
      yield { first: place(all(rows), multiples), next: [place(all(rows + 1), turned)] };
      yield { first: place(all(rows), all(step)), next: [place(all(rows + 1), all(2 * step))] };
    }
  }
}

/**
 * Returns a function that assigns numbers of rows and other sizes to the dimensions, and repeats them if there are too
 * few.
 */
function placing(areRows: readonly boolean[]) {
  return (rows: readonly number[], others: readonly number[]) => {
    let [row, other] = [0, 0];
    return areRows.map((isRow) => (isRow ? rows[row++ % rows.length]! : others[other++ % others.length]!));
  };
}

/**
 * Sizes to try if a model accepts the first sizes but not the next ones: they change only the rows, only the other
 * dimensions, or only one dimension.
 */
export function* partialSizes({ first, next }: TrialSizes, areRows: readonly boolean[]): Generator<readonly number[]> {
  const change = (to: readonly number[], isChanged: (index: number) => boolean) =>
    first.map((size, index) => (isChanged(index) ? to[index]! : size));
  for (const to of next) {
    yield change(to, (index) => areRows[index]!);
    yield change(to, (index) => !areRows[index]!);
    for (const [changed] of first.entries()) yield change(to, (index) => index === changed);
  }
}

/**
 * Further sizes for a model whose shapes contradict the declaration, because an output size that stays the same for
 * small inputs need not be fixed.
 */
export function* extraSizes({ first }: TrialSizes, areRows: readonly boolean[]): Generator<readonly number[]> {
  const stay = areRows.includes(false) ? areRows : areRows.map(() => false);
  for (const step of [64, 512, 4096]) {
    yield first.map((size, index) => (stay[index] ? size : size + step));
    yield first.map((size, index) => (stay[index] ? size : step));
  }
}
