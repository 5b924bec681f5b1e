import type { RandomGraph, Result, Tensor } from '../random-graph';
import { plain, reshape } from '../shapes';
import { known, product, size, type Size } from '../size';
import { fromEitherEnd, reduce, reduced, resized } from '../versions';
import { same } from './elementwise';
import { faithful, lossy, type RowWise } from './operator';

export const AXES: readonly RowWise[] = [
  ...['ReduceSum', 'ReduceMean'].map((op) => faithful(op, (graph, t) => reduceOthers(graph, t, op))),
  ...['ReduceMax', 'ReduceMin', 'ReduceL1', 'ReduceL2', 'ReduceLogSumExp', 'ReduceSumSquare'].map((op) =>
    lossy(op, (graph, t) => reduceOthers(graph, t, op)),
  ),
  lossy('Sub of the mean over other axes', centred),
  ...['Softmax', 'LogSoftmax', 'Hardmax'].map((op) => lossy(op, (graph, t) => softmax(graph, t, op))),
  lossy('LayerNormalization', layerNormalization),
  lossy('LpNormalization', lpNormalization),
  lossy('BatchNormalization of ReLU', (graph, t) => batchNormalization(graph, { ...t, name: graph.add('Relu', [t]) })),
  faithful('BatchNormalization', batchNormalization),
  lossy('InstanceNormalization', instanceNormalization),
  lossy('LRN', lrn),
  lossy('ArgMax', argMax),
  lossy('TopK', topK),
  faithful('CumSum', cumSum),
  lossy('OneHot of ArgMax', oneHot),
  lossy('embedding of ArgMax', embedding),
  lossy('DepthToSpace', depthToSpace),
  lossy('group normalization', groupNormalization),
];

/** Axes without rows. */
export function otherAxes(t: Pick<Tensor, 'dims' | 'rows'>): number[] {
  return t.dims.map((_, axis) => axis).filter((axis) => axis !== t.rows?.axis);
}

function someOf(graph: RandomGraph, axes: readonly number[]): number[] {
  const some = axes.filter(() => graph.choices.chance(0.5));
  return some.length > 0 ? some : [graph.choices.pick(axes)];
}

function reduceOthers(graph: RandomGraph, t: Tensor, op: string): Result | undefined {
  const others = otherAxes(t);
  if (others.length === 0 || t.dims.length < 2) return undefined;
  const axes = someOf(graph, others);
  const keepdims = axes.length === t.dims.length - 1 || graph.choices.chance(0.5);
  const written = axes.map((axis) => fromEitherEnd(graph, axis, t.dims.length));
  return { ...t, name: reduce(graph, op, t, written, keepdims), ...reduced(t, axes, keepdims) };
}

function centred(graph: RandomGraph, t: Tensor): Result | undefined {
  const others = otherAxes(t);
  if (others.length === 0) return undefined;
  return same(t, graph.add('Sub', [t, reduce(graph, 'ReduceMean', t, someOf(graph, others), true)]));
}

function softmax(graph: RandomGraph, t: Tensor, op: string): Result | undefined {
  const others = otherAxes(t);
  if (graph.opset >= 13) {
    if (others.length === 0) return undefined;
    const axis = graph.choices.pick(others);
    return same(t, graph.add(op, [t], { axis: fromEitherEnd(graph, axis, t.dims.length) }));
  }
  // Before opset 13, Softmax covers this axis and all following ones.
  const behind = others.filter((axis) => axis > t.rows!.axis);
  if (behind.length === 0) return undefined;
  const axis = graph.choices.pick(behind);
  return same(t, graph.add(op, [t], axis === 1 && graph.choices.chance(0.5) ? {} : { axis }));
}

function layerNormalization(graph: RandomGraph, t: Tensor): Result | undefined {
  if (graph.opset < 17 || !t.rows) return undefined;
  const sizes = t.dims.map(known);
  const axes = otherAxes(t).filter(
    (axis) => axis > t.rows!.axis && sizes.slice(axis).every((dim) => dim !== undefined),
  );
  if (axes.length === 0) return undefined;
  const axis = graph.choices.pick(axes);
  const shape = sizes.slice(axis) as number[];
  const bias = graph.choices.chance(0.5) ? [graph.weights(shape)] : [];
  return same(
    t,
    graph.add('LayerNormalization', [t, graph.weights(shape), ...bias], {
      axis: fromEitherEnd(graph, axis, t.dims.length),
    }),
  );
}

function lpNormalization(graph: RandomGraph, t: Tensor): Result | undefined {
  const others = otherAxes(t);
  if (others.length === 0) return undefined;
  return same(
    t,
    graph.add('LpNormalization', [t], { axis: graph.choices.pick(others), p: graph.choices.pick([1, 2]) }),
  );
}

function batchNormalization(graph: RandomGraph, t: Tensor): Result | undefined {
  const channels = known(t.dims[1] ?? size(1, 'none'));
  if (channels === undefined || t.rows?.axis === 1) return undefined;
  const numbers = [false, false, false, true].map((positive) => graph.weights([channels], { positive }));
  return same(t, graph.add('BatchNormalization', [t, ...numbers], { epsilon: { float: 1e-3 } }));
}

function instanceNormalization(graph: RandomGraph, t: Tensor): Result | undefined {
  const channels = known(t.dims[1] ?? size(1, 'none'));
  if (channels === undefined || t.rows?.axis !== 0 || t.dims.length < 3) return undefined;
  return same(t, graph.add('InstanceNormalization', [t, graph.weights([channels]), graph.weights([channels])]));
}

function lrn(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.rows?.axis !== 0 || t.dims.length !== 4) return undefined;
  return same(t, graph.add('LRN', [t], { size: 3 }));
}

/** Index of the largest or smallest value along an axis, as an integer tensor with an upper bound. */
function indexOfLargest(graph: RandomGraph, t: Tensor, keepdims: boolean): Result | undefined {
  const others = otherAxes(t).filter((axis) => known(t.dims[axis] as Size) !== undefined);
  if (others.length === 0 || t.dims.length < 2) return undefined;
  const axis = graph.choices.pick(others);
  const name = graph.add(graph.choices.pick(['ArgMax', 'ArgMin']), [t], {
    axis: fromEitherEnd(graph, axis, t.dims.length),
    keepdims: keepdims ? 1 : 0,
  });
  return { name, elem: 'int64', below: known(t.dims[axis] as Size), ...reduced(t, [axis], keepdims) };
}

function argMax(graph: RandomGraph, t: Tensor): Result | undefined {
  const index = indexOfLargest(graph, t, graph.choices.chance(0.5));
  return index && { ...index, elem: 'float', name: graph.add('Cast', [index], { to: 1 }) };
}

function topK(graph: RandomGraph, t: Tensor): Result | undefined {
  const others = otherAxes(t).filter((axis) => (known(t.dims[axis] as Size) ?? 0) >= 2);
  if (others.length === 0) return undefined;
  const axis = graph.choices.pick(others);
  const k = 1 + graph.choices.below(known(t.dims[axis] as Size) as number);
  const [values, order] = graph.node(
    'TopK',
    [t, graph.ints([k])],
    { axis: fromEitherEnd(graph, axis, t.dims.length) },
    { outputs: 2 },
  );
  const dims = resized(t.dims, axis, size(k));
  if (graph.choices.chance(0.7)) return { ...t, name: values as string, dims };
  return { ...t, name: graph.add('Cast', [order as string], { to: 1 }), dims };
}

function cumSum(graph: RandomGraph, t: Tensor): Result | undefined {
  const others = otherAxes(t);
  if (others.length === 0) return undefined;
  const axis = fromEitherEnd(graph, graph.choices.pick(others), t.dims.length);
  return same(t, graph.add('CumSum', [t, graph.ints([axis], [])], { reverse: graph.choices.below(2) }));
}

function oneHot(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length > 4) return undefined;
  const index = indexOfLargest(graph, t, false);
  if (!index?.rows) return undefined;
  const axis = graph.choices.below(index.dims.length + 1);
  const depth = index.below as number;
  const name = graph.add('OneHot', [index, graph.ints([depth], []), graph.floats([0.5, 2])], {
    axis: fromEitherEnd(graph, axis, index.dims.length + 1),
  });
  const dims = [...index.dims];
  dims.splice(axis, 0, size(depth));
  const rows = { ...index.rows, axis: index.rows.axis + (axis <= index.rows.axis ? 1 : 0) };
  return { name, elem: 'float', dims, rows };
}

function embedding(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length > 4) return undefined;
  const index = indexOfLargest(graph, t, graph.choices.chance(0.5));
  return index && embedded(graph, index);
}

/** Looks up vectors in a table. The integers of the tensor are the indices. */
export function embedded(graph: RandomGraph, t: Result): Result {
  const width = graph.choices.pick([3, 4]);
  const name = graph.add(
    'Gather',
    [graph.weights([t.below as number, width]), t],
    graph.choices.chance(0.5) ? { axis: 0 } : {},
  );
  return { name, elem: 'float', dims: [...t.dims, size(width)], rows: t.rows };
}

function depthToSpace(graph: RandomGraph, t: Tensor): Result | undefined {
  const sizes = t.dims.map(known);
  if (t.dims.length !== 4 || t.rows?.axis !== 0 || sizes.slice(1).some((dim) => dim === undefined)) return undefined;
  const [, c, h, w] = sizes as number[];
  if (c! % 4 === 0 && h! * w! <= 16) {
    const name = graph.add('DepthToSpace', [t], { blocksize: 2, mode: graph.choices.pick(['DCR', 'CRD']) });
    return { ...t, name, dims: [t.dims[0] as Size, size(c! / 4), size(h! * 2), size(w! * 2)] };
  }
  if (h! % 2 === 0 && w! % 2 === 0 && c! <= 3) {
    const name = graph.add('SpaceToDepth', [t], { blocksize: 2 });
    return { ...t, name, dims: [t.dims[0] as Size, size(c! * 4), size(h! / 2), size(w! / 2)] };
  }
  return undefined;
}

/** Group normalization as exporters write it: reshapes groups to channels, normalizes, and restores the shape. */
function groupNormalization(graph: RandomGraph, t: Tensor): Result | undefined {
  const x = plain(graph, t);
  const sizes = x.dims.slice(1).map(known);
  if (x.rows?.axis !== 0 || x.dims.length < 3 || sizes.some((dim) => dim === undefined) || sizes[0]! % 2)
    return undefined;
  const grouped = reshape(graph, x, [x.dims[0] as Size, size(2), size(product(x.dims.slice(1)).factor / 2)], x.rows);
  const normal = {
    ...grouped,
    name: graph.add('InstanceNormalization', [grouped, graph.floats([1, 1]), graph.floats([0, 0])]),
  };
  return reshape(graph, normal, x.dims, x.rows);
}
