import type { NodeAttributes, RandomGraph, Rows, Tensor } from './random-graph';
import { ONE, type Size } from './size';

type Named = Pick<Tensor, 'name'>;

/** Reduction whose axes are an attribute or an input, depending on the graph's opset. */
export function reduce(graph: RandomGraph, op: string, t: Named, axes: readonly number[], keepdims: boolean): string {
  const inputFrom = op === 'ReduceSum' ? 13 : 18;
  return withAxes(graph, op, t, axes, inputFrom, { keepdims: keepdims ? 1 : 0 });
}

export function squeeze(graph: RandomGraph, t: Named, axes: readonly number[]): string {
  return withAxes(graph, 'Squeeze', t, axes, 13);
}

export function unsqueeze(graph: RandomGraph, t: Named, axes: readonly number[]): string {
  return withAxes(graph, 'Unsqueeze', t, axes, 13);
}

function withAxes(
  graph: RandomGraph,
  op: string,
  t: Named,
  axes: readonly number[],
  inputFrom: number,
  attributes: NodeAttributes = {},
): string {
  return graph.opset >= inputFrom
    ? graph.add(op, [t, graph.ints(axes)], attributes)
    : graph.add(op, [t], { axes: [...axes], ...attributes });
}

/** Counts the axis from the end in half of the cases. */
export function fromEitherEnd(graph: RandomGraph, axis: number, rank: number): number {
  return graph.choices.chance(0.5) ? axis : axis - rank;
}

/** Sizes and position of the rows after a reduction over the axes. */
export function reduced(t: Pick<Tensor, 'dims' | 'rows'>, axes: readonly number[], keepdims: boolean) {
  if (keepdims) return { dims: t.dims.map((dim, axis) => (axes.includes(axis) ? ONE : dim)), rows: t.rows };
  return { dims: t.dims.filter((_, axis) => !axes.includes(axis)), rows: movedPast(t.rows, axes) };
}

export function movedPast(rows: Rows | undefined, removed: readonly number[]): Rows | undefined {
  return rows && { ...rows, axis: rows.axis - removed.filter((axis) => axis < rows.axis).length };
}

/** Sizes in which the size of one axis is replaced. */
export function resized(dims: readonly Size[], axis: number, to: Size): Size[] {
  return dims.map((dim, i) => (i === axis ? to : dim));
}
