import type { RandomGraph, Result, Rows, Tensor } from '../random-graph';
import { plain, reshape, shapeOf, transpose } from '../shapes';
import { isOne, known, ONE, product, sameSize, size, type Size } from '../size';
import { fromEitherEnd, movedPast, resized, squeeze, unsqueeze } from '../versions';
import { otherAxes } from './axes';
import { same, sameRows } from './elementwise';
import { faithful, lossy, type RowWise } from './operator';

const MAX_RANK = 5;

export const LAYOUT: readonly RowWise[] = [
  faithful('Transpose', anyTranspose),
  faithful('Reshape that joins axes', joinAxes),
  faithful('Reshape that splits an axis', splitAxis),
  faithful('Reshape that moves folded rows to a separate axis', (graph, t) =>
    plain(graph, t) === t ? undefined : plain(graph, t),
  ),
  faithful('Flatten', flatten),
  faithful('Squeeze', squeezeOnes),
  faithful('Unsqueeze', unsqueezeAny),
  faithful('Concat with itself', concatItself),
  lossy('Concat with another tensor', concatAnother),
  faithful('Split', split),
  faithful('Slice', slice),
  lossy('Pad', pad),
  faithful('Gather', gather),
  faithful('Expand', expand),
  faithful('Tile', tile),
  faithful('Resize', resize),
  lossy('GatherElements of TopK', gatherElements),
  lossy('ScatterElements', scatterElements),
];

function anyTranspose(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length < 2) return undefined;
  return transpose(graph, t, graph.choices.shuffled(t.dims.map((_, axis) => axis)));
}

/** Joins two adjacent axes. If one of them has the rows, the rows of the result are folded into the joined axis. */
function joinAxes(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length < 2) return undefined;
  const axis = graph.choices.below(t.dims.length - 1);
  const [a, b] = t.dims.slice(axis, axis + 2) as [Size, Size];
  const dims = [...t.dims.slice(0, axis), product([a, b]), ...t.dims.slice(axis + 2)];
  return reshape(graph, t, dims, t.rows && joined(t.rows, axis, a, b));
}

function joined(rows: Rows, axis: number, a: Size, b: Size): Rows {
  if (rows.axis === axis) return { ...rows, inner: product([rows.inner, b]) };
  if (rows.axis === axis + 1) return { ...rows, axis, outer: product([a, rows.outer]) };
  return rows.axis > axis ? { ...rows, axis: rows.axis - 1 } : rows;
}

function splitAxis(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => [4, 6, 8, 9, 12].includes(known(t.dims[axis] as Size) ?? 0));
  if (axes.length === 0 || t.dims.length >= MAX_RANK) return undefined;
  const axis = graph.choices.pick(axes);
  const whole = known(t.dims[axis] as Size) as number;
  const part = graph.choices.pick([2, 3].filter((divisor) => whole % divisor === 0));
  const dims = [...t.dims.slice(0, axis), size(part), size(whole / part), ...t.dims.slice(axis + 1)];
  return reshape(graph, t, dims, t.rows && { ...t.rows, axis: t.rows.axis + (t.rows.axis > axis ? 1 : 0) });
}

function flatten(graph: RandomGraph, t: Tensor): Result | undefined {
  const { rows, dims } = t;
  if (!rows) return undefined;
  // Picks an axis before or after the row axis, so that one of the two axes of the result contains both rows and other
  // elements.
  const axis = graph.choices.chance(0.6) ? rows.axis + 1 : graph.choices.below(dims.length + 1);
  const from = axis > rows.axis ? 0 : axis;
  const to = axis > rows.axis ? axis : dims.length;
  return {
    ...t,
    name: graph.add('Flatten', [t], { axis: axis === dims.length ? axis : fromEitherEnd(graph, axis, dims.length) }),
    dims: [product(dims.slice(0, axis)), product(dims.slice(axis))],
    rows: {
      ...rows,
      axis: axis > rows.axis ? 0 : 1,
      outer: product([...dims.slice(from, rows.axis), rows.outer]),
      inner: product([rows.inner, ...dims.slice(rows.axis + 1, to)]),
    },
  };
}

function squeezeOnes(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => isOne(t.dims[axis] as Size));
  if (axes.length === 0) return undefined;
  const removed = graph.choices.chance(0.5) ? axes : [graph.choices.pick(axes)];
  return {
    ...t,
    name: squeeze(
      graph,
      t,
      removed.map((axis) => fromEitherEnd(graph, axis, t.dims.length)),
    ),
    dims: t.dims.filter((_, axis) => !removed.includes(axis)),
    rows: movedPast(t.rows, removed),
  };
}

function unsqueezeAny(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length >= MAX_RANK) return undefined;
  const axis = graph.choices.below(t.dims.length + 1);
  return unsqueezed(graph, t, axis);
}

function unsqueezed(graph: RandomGraph, t: Tensor, axis: number): Result {
  const dims = [...t.dims];
  dims.splice(axis, 0, ONE);
  return {
    ...t,
    name: unsqueeze(graph, t, [fromEitherEnd(graph, axis, dims.length)]),
    dims,
    rows: t.rows && { ...t.rows, axis: t.rows.axis + (axis <= t.rows.axis ? 1 : 0) },
  };
}

function concatItself(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => (known(t.dims[axis] as Size) ?? 9) <= 4);
  if (axes.length === 0) return undefined;
  return concat(graph, t, { ...t, name: graph.add('Softsign', [t]) }, graph.choices.pick(axes));
}

function concatAnother(graph: RandomGraph, t: Tensor): Result | undefined {
  for (const other of graph.choices.shuffled(graph.pool)) {
    if (other.elem !== t.elem || other.dims.length !== t.dims.length || !t.rows || !other.rows) continue;
    if (!sameRows(t.rows, other.rows)) continue;
    const unlike = t.dims.flatMap((dim, axis) => (sameSize(dim, other.dims[axis] as Size) ? [] : [axis]));
    const axes = otherAxes(t).filter((axis) => unlike.every((i) => i === axis));
    const fitting = axes.filter((axis) => [t, other].every(({ dims }) => (known(dims[axis] as Size) ?? 9) <= 4));
    if (fitting.length > 0) return concat(graph, t, other, graph.choices.pick(fitting));
  }
  return undefined;
}

function concat(graph: RandomGraph, a: Tensor, b: Tensor, axis: number): Result {
  const name = graph.add('Concat', [a, b], { axis: fromEitherEnd(graph, axis, a.dims.length) });
  const sum = [a, b].reduce((all, { dims }) => all + (known(dims[axis] as Size) as number), 0);
  return { ...a, name, dims: resized(a.dims, axis, size(sum)) };
}

function split(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => (known(t.dims[axis] as Size) ?? 0) >= 2);
  if (axes.length === 0) return undefined;
  const axis = graph.choices.pick(axes);
  const whole = known(t.dims[axis] as Size) as number;
  const first = 1 + graph.choices.below(whole - 1);
  const parts = [first, whole - first];
  const written = { axis: fromEitherEnd(graph, axis, t.dims.length) };
  const names =
    graph.opset >= 13
      ? graph.node('Split', [t, graph.ints(parts)], written, { outputs: 2 })
      : graph.node('Split', [t], { ...written, split: parts }, { outputs: 2 });
  const which = graph.choices.below(2);
  return { ...t, name: names[which] as string, dims: resized(t.dims, axis, size(parts[which] as number)) };
}

const ENDS = [2 ** 31 - 1, 2 ** 62, 1_000_000_000];

function slice(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t);
  if (axes.length === 0) return undefined;
  const { choices } = graph;
  const axis = choices.pick(axes);
  const whole = known(t.dims[axis] as Size);
  const written = graph.ints([fromEitherEnd(graph, axis, t.dims.length)]);
  const sliced = (start: number, end: number, step: number, dim: Size): Result => ({
    ...t,
    name: graph.add('Slice', [
      t,
      graph.ints([start]),
      graph.ints([end]),
      written,
      ...(step === 1 && choices.chance(0.5) ? [] : [graph.ints([step])]),
    ]),
    dims: resized(t.dims, axis, dim),
  });
  if (whole === undefined) {
    return choices.chance(0.5)
      ? sliced(0, choices.pick(ENDS), 1, t.dims[axis] as Size)
      : sliced(-1, -(2 ** 40), -1, t.dims[axis] as Size);
  }
  const start = choices.below(whole);
  if (choices.chance(0.5))
    return sliced(choices.chance(0.5) ? start : start - whole, choices.pick(ENDS), 1, size(whole - start));
  return sliced(0, whole, 2, size(Math.ceil(whole / 2)));
}

function pad(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => known(t.dims[axis] as Size) !== undefined);
  if (axes.length === 0) return undefined;
  const { choices } = graph;
  const axis = choices.pick(axes);
  const whole = known(t.dims[axis] as Size) as number;
  const mode = whole >= 2 ? choices.pick(['constant', 'edge', 'reflect']) : 'constant';
  const [before, behind] = [choices.below(2), 1];
  const zeros = t.dims.map(() => 0);
  const pads = graph.ints([...resizedNumbers(zeros, axis, before), ...resizedNumbers(zeros, axis, behind)]);
  const name = graph.add('Pad', [t, pads], mode === 'constant' ? {} : { mode });
  return { ...t, name, dims: resized(t.dims, axis, size(whole + before + behind)) };
}

function resizedNumbers(numbers: readonly number[], axis: number, to: number): number[] {
  return numbers.map((n, i) => (i === axis ? to : n));
}

function gather(graph: RandomGraph, t: Tensor): Result | undefined {
  const { choices } = graph;
  const axes = otherAxes(t).filter((axis) => known(t.dims[axis] as Size) !== undefined);
  if (axes.length === 0) return undefined;
  const axis = choices.pick(axes);
  const whole = known(t.dims[axis] as Size) as number;
  const shapes = [[2], [1], [2, 2], []].filter(
    ({ length }) => t.dims.length - 1 + length <= MAX_RANK && t.dims.length - 1 + length > 0,
  );
  const shape = choices.pick(shapes);
  const count = shape.reduce((all, dim) => all * dim, 1);
  const indices = Array.from({ length: count }, () => choices.below(whole) - (choices.chance(0.2) ? whole : 0));
  const name = graph.add('Gather', [t, graph.ints(indices, shape)], {
    axis: fromEitherEnd(graph, axis, t.dims.length),
  });
  const rows = t.rows && { ...t.rows, axis: t.rows.axis + (t.rows.axis > axis ? shape.length - 1 : 0) };
  return {
    ...t,
    name,
    dims: [...t.dims.slice(0, axis), ...shape.map((dim) => size(dim)), ...t.dims.slice(axis + 1)],
    rows,
  };
}

/** Repeats the tensor along an axis of size 1, or along a new first axis. */
function expand(graph: RandomGraph, t: Tensor): Result | undefined {
  const ones = otherAxes(t).filter((axis) => isOne(t.dims[axis] as Size));
  if (ones.length === 0 || graph.choices.chance(0.3)) {
    if (t.dims.length >= MAX_RANK - 1) return undefined;
    const dims = [size(2), ...t.dims];
    return {
      ...t,
      name: graph.add('Expand', [t, shapeOf(graph, dims)]),
      dims,
      rows: t.rows && { ...t.rows, axis: t.rows.axis + 1 },
    };
  }
  const axis = graph.choices.pick(ones);
  const dims = resized(t.dims, axis, size(3));
  // A size of 1 in the shape leaves the axis unchanged.
  const shape = graph.choices.chance(0.5) ? graph.ints(dims.map((_, i) => (i === axis ? 3 : 1))) : shapeOf(graph, dims);
  return { ...t, name: graph.add('Expand', [t, shape]), dims };
}

function tile(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => (known(t.dims[axis] as Size) ?? 9) <= 3);
  if (axes.length === 0) return undefined;
  const axis = graph.choices.pick(axes);
  const repeats = graph.ints(t.dims.map((_, i) => (i === axis ? 2 : 1)));
  return {
    ...t,
    name: graph.add('Tile', [t, repeats]),
    dims: resized(t.dims, axis, product([size(2), t.dims[axis] as Size])),
  };
}

function resize(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length !== 4 || t.rows?.axis !== 0 || t.dims.slice(2).some((dim) => (known(dim) ?? 9) > 4))
    return undefined;
  const mode = graph.choices.pick(['nearest', 'linear']);
  const dims = [...t.dims.slice(0, 2), ...t.dims.slice(2).map((dim) => product([size(2), dim]))];
  const by = graph.choices.chance(0.5) ? ['', graph.floats([1, 1, 2, 2])] : ['', '', shapeOf(graph, dims)];
  const region = graph.opset >= 13 ? '' : graph.floats([0, 0, 0, 0, 1, 1, 1, 1]);
  if (graph.opset < 13 && by.length === 3) by[1] = graph.floats([], [0]);
  return { ...t, name: graph.add('Resize', [t, region, ...by.slice(1)], { mode }), dims };
}

function gatherElements(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => (known(t.dims[axis] as Size) ?? 0) >= 2);
  if (axes.length === 0) return undefined;
  const axis = graph.choices.pick(axes);
  const [, order] = graph.node('TopK', [t, graph.ints([2])], { axis }, { outputs: 2 });
  const name = graph.add('GatherElements', [t, order as string], { axis: fromEitherEnd(graph, axis, t.dims.length) });
  return { ...t, name, dims: resized(t.dims, axis, size(2)) };
}

function scatterElements(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => (known(t.dims[axis] as Size) ?? 0) >= 2);
  if (axes.length === 0) return undefined;
  const axis = graph.choices.pick(axes);
  const [largest, order] = graph.node('TopK', [t, graph.ints([2])], { axis }, { outputs: 2 });
  return same(t, graph.add('ScatterElements', [t, order as string, graph.add('Neg', [largest as string])], { axis }));
}
