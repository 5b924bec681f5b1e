import type { RandomGraph, Result, Rows, Tensor } from '../random-graph';
import { ONE, size, type Size } from '../size';

/**
 * What makes rows influence each other, or changes how many there are. The result has that influence in each of its
 * elements, or at least in each of one of its rows; it has rows on one axis, so that faithful operators can follow.
 */
export interface Coupling {
  readonly name: string;
  readonly apply: (graph: RandomGraph, t: Tensor & { readonly rows: Rows }) => Result;
}

/** A tensor whose axis counts something of which nothing else is known. */
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

/** The number of rows of a plain tensor. */
export function rowCount({ rows }: { readonly rows: Rows }): Size {
  return size(1, rows.count);
}
