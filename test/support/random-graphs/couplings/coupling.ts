import type { RandomGraph, Result, Rows, Tensor } from '../random-graph';
import { ONE, size, type Size } from '../size';

/**
 * Group of operators that makes rows influence each other or changes their number. The influence reaches every element
 * of the result, or at least every element of one of its rows. The rows of the result are on one axis, so that faithful
 * operators can follow.
 */
export interface Coupling {
  readonly name: string;
  readonly apply: (graph: RandomGraph, t: Tensor & { readonly rows: Rows }) => Result;
}

/** Tensor whose rows are on the given axis, which has an unknown size. */
export function counting(
  graph: RandomGraph,
  t: Pick<Result, 'name' | 'elem'>,
  dims: readonly Size[],
  axis: number,
): Result {
  const count = graph.symbolOf(t.name, axis);
  return {
    ...t,
    dims: dims.map((dim, i) => (i === axis ? count : dim)),
    rows: { axis, outer: ONE, inner: ONE, count: count.symbols[0] as string },
  };
}

/** Number of rows of a plain tensor. */
export function rowCount({ rows }: { readonly rows: Rows }): Size {
  return size(1, rows.count);
}
