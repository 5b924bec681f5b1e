import type { RandomGraph, Result, Rows, Tensor } from './random-graph';
import { isOne, known, ONE, product, sameSize, size, type Size } from './size';
import { squeeze, unsqueeze } from './versions';

/** Reshapes the tensor in one of the ways that exporters use. The product of the sizes must not change. */
export function reshape(graph: RandomGraph, t: Result, dims: readonly Size[], rows: Rows | undefined): Result {
  const { choices } = graph;
  const open = dims.flatMap((dim, axis) => (known(dim) === undefined ? [axis] : []));
  const copied = open.filter((axis) => t.dims[axis] && sameSize(t.dims[axis], dims[axis] as Size));
  let shape: string;
  if (open.length <= 1 && choices.chance(0.6)) {
    shape = graph.ints(dims.map((dim) => known(dim) ?? -1));
  } else if (open.length - copied.length <= 1 && choices.chance(0.6)) {
    shape = graph.ints(dims.map((dim, axis) => known(dim) ?? (copied.includes(axis) ? 0 : -1)));
  } else {
    const inferred = choices.chance(0.3) && dims.length > 0 ? choices.below(dims.length) : undefined;
    shape = shapeOf(
      graph,
      dims.map((dim, axis) => (axis === inferred ? size(-1) : dim)),
    );
  }
  return { ...t, name: graph.add('Reshape', [t, shape]), dims, rows };
}

/** Builds a vector of sizes from constants and from the shapes of tensors. */
export function shapeOf(graph: RandomGraph, dims: readonly Size[]): string {
  if (dims.every((dim) => known(dim) !== undefined)) return graph.ints(dims.map((dim) => known(dim) as number));
  const narrow = graph.choices.chance(0.15);
  const parts = runs(dims).map((run) => {
    const vector = typeof run === 'object' && 'factor' in run ? sizeVector(graph, run) : graph.ints(run);
    return narrow ? graph.add('Cast', [vector], { to: 6 }) : vector;
  });
  const joined = parts.length === 1 ? (parts[0] as string) : graph.add('Concat', parts, { axis: 0 });
  return narrow ? graph.add('Cast', [joined], { to: 7 }) : joined;
}

/** Combines adjacent known sizes into one list. */
function runs(dims: readonly Size[]): (Size | number[])[] {
  const found: (Size | number[])[] = [];
  for (const dim of dims) {
    const number = known(dim);
    const last = found.at(-1);
    if (number === undefined) found.push(dim);
    else if (Array.isArray(last)) last.push(number);
    else found.push([number]);
  }
  return found;
}

/** Builds a size as a vector of one element. */
export function sizeVector(graph: RandomGraph, { factor, symbols }: Size): string {
  const factors = symbols.map((symbol) => symbolVector(graph, symbol));
  if (factor !== 1 || factors.length === 0) factors.push(graph.ints([factor]));
  return factors.reduce((a, b) => graph.add('Mul', [a, b]));
}

function symbolVector(graph: RandomGraph, symbol: string): string {
  const { tensor, axis } = graph.originOf(symbol);
  const { choices, opset } = graph;
  const styles = [
    () => graph.add('Gather', [graph.add('Shape', [tensor]), graph.ints([axis])], { axis: 0 }),
    () => unsqueeze(graph, { name: graph.add('Gather', [graph.add('Shape', [tensor]), graph.ints([axis], [])]) }, [0]),
    () =>
      graph.add('Slice', [graph.add('Shape', [tensor]), graph.ints([axis]), graph.ints([axis + 1]), graph.ints([0])]),
    () => {
      const scalar = squeeze(
        graph,
        { name: graph.add('Slice', [graph.add('Shape', [tensor]), graph.ints([axis]), graph.ints([axis + 1])]) },
        [0],
      );
      return graph.add('Reshape', [scalar, graph.ints([-1])]);
    },
  ];
  if (opset >= 15) styles.push(() => graph.add('Shape', [tensor], { start: axis, end: axis + 1 }));
  return choices.pick(styles)();
}

/** Moves folded rows to an axis of their own. */
export function plain<T extends Result>(graph: RandomGraph, t: T): T {
  const { rows } = t;
  if (!rows || (isOne(rows.outer) && isOne(rows.inner))) return t;
  const own = [rows.outer, size(1, rows.count), rows.inner];
  const kept = own.map((dim, i) => i === 1 || !isOne(dim));
  const dims = [...t.dims.slice(0, rows.axis), ...own.filter((_, i) => kept[i]), ...t.dims.slice(rows.axis + 1)];
  const axis = rows.axis + (kept[0] ? 1 : 0);
  return { ...t, ...reshape(graph, t, dims, { axis, outer: ONE, inner: ONE, count: rows.count }) };
}

export function transpose<T extends Result>(graph: RandomGraph, t: T, perm: readonly number[]): T {
  return {
    ...t,
    name: graph.add('Transpose', [t], { perm: [...perm] }),
    dims: perm.map((axis) => t.dims[axis] as Size),
    rows: t.rows && { ...t.rows, axis: perm.indexOf(t.rows.axis) },
  };
}

/** Moves the rows to the given axis, and keeps the order of the other axes. */
export function rowsTo<T extends Result>(graph: RandomGraph, t: T, axis: number): T {
  const unfolded = plain(graph, t);
  const from = unfolded.rows!.axis;
  if (from === axis) return unfolded;
  const perm = unfolded.dims.map((_, i) => i).filter((i) => i !== from);
  perm.splice(axis, 0, from);
  return transpose(graph, unfolded, perm);
}

/** Reshapes the tensor to [rows, features], after taking the mean over axes of unknown size. */
export function asMatrix<T extends Result>(graph: RandomGraph, t: T): T {
  const first = rowsTo(graph, withoutSymbols(graph, t), 0);
  const { rows, dims } = first;
  if (dims.length === 2) return first;
  return { ...first, ...reshape(graph, first, [dims[0] as Size, product(dims.slice(1))], rows) };
}

/** Takes the mean over axes of unknown size. */
export function withoutSymbols<T extends Result>(graph: RandomGraph, t: T): T {
  const unfolded = plain(graph, t);
  const axes = unfolded.dims.flatMap((dim, axis) =>
    axis !== unfolded.rows?.axis && known(dim) === undefined ? [axis] : [],
  );
  if (axes.length === 0) return unfolded;
  const name =
    graph.opset >= 18
      ? graph.add('ReduceMean', [unfolded, graph.ints(axes)], { keepdims: 1 })
      : graph.add('ReduceMean', [unfolded], { axes, keepdims: 1 });
  return { ...unfolded, name, dims: unfolded.dims.map((dim, axis) => (axes.includes(axis) ? ONE : dim)) };
}

export function rank(t: Pick<Tensor, 'dims'>): number {
  return t.dims.length;
}
