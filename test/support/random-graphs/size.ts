/** Size of an axis: a product of a number and symbols, such as 2·N·s. */
export interface Size {
  readonly factor: number;
  /** Symbols of the product, sorted. */
  readonly symbols: readonly string[];
}

/** Size such as `size(2, 'N')`, which is twice the number of rows. */
export function size(factor: number, ...symbols: readonly string[]): Size {
  return { factor, symbols: [...symbols].sort() };
}

export const ONE = size(1);

export function product(sizes: readonly Size[]): Size {
  return size(
    sizes.reduce((all, { factor }) => all * factor, 1),
    ...sizes.flatMap(({ symbols }) => symbols),
  );
}

export function sameSize(a: Size, b: Size): boolean {
  return a.factor === b.factor && a.symbols.join() === b.symbols.join();
}

/** The size as a number; undefined if it has symbols. */
export function known({ factor, symbols }: Size): number | undefined {
  return symbols.length === 0 ? factor : undefined;
}

export function isOne(a: Size): boolean {
  return known(a) === 1;
}
