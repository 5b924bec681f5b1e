import type { NodeAttributes, RandomGraph, Result, Tensor } from '../random-graph';
import { plain, transpose } from '../shapes';
import { known, ONE, size, type Size } from '../size';
import { resized } from '../versions';
import { same } from './elementwise';
import { faithful, lossy, type RowWise } from './operator';

export const LINEAR: readonly RowWise[] = [
  faithful('MatMul by weights', matMul),
  faithful('MatMul of weights by the tensor', matMulFromLeft),
  faithful('MatMul by a batch of weights', matMulBatch),
  faithful('Gemm', gemm),
  faithful('Einsum', einsum),
  faithful('Conv', convolution),
  faithful('Conv by group', (graph, t) => convolution(graph, t, true)),
  faithful('ConvTranspose', convTranspose),
  faithful('AveragePool', (graph, t) => pool(graph, t, 'AveragePool')),
  lossy('MaxPool', (graph, t) => pool(graph, t, 'MaxPool')),
  lossy('LpPool', (graph, t) => pool(graph, t, 'LpPool')),
  faithful('GlobalAveragePool', (graph, t) => globalPool(graph, t, 'GlobalAveragePool')),
  lossy('GlobalMaxPool', (graph, t) => globalPool(graph, t, 'GlobalMaxPool')),
];

const WIDTHS = [2, 3, 4, 6];

function matMul(graph: RandomGraph, t: Tensor): Result | undefined {
  const last = t.dims.length - 1;
  const k = known(t.dims[last] ?? size(1, 'none'));
  if (k === undefined || last < 1 || t.rows?.axis === last) return undefined;
  const m = graph.choices.pick(WIDTHS);
  const name = graph.add('MatMul', [t, graph.weights([k, m], { scale: k ** -0.5 })]);
  return { ...t, name, dims: resized(t.dims, last, size(m)) };
}

function matMulFromLeft(graph: RandomGraph, t: Tensor): Result | undefined {
  const axis = t.dims.length - 2;
  const k = axis >= 0 ? known(t.dims[axis] as Size) : undefined;
  if (k === undefined || t.rows?.axis === axis) return undefined;
  const m = graph.choices.pick(WIDTHS);
  const name = graph.add('MatMul', [graph.weights([m, k], { scale: k ** -0.5 }), t]);
  return { ...t, name, dims: resized(t.dims, axis, size(m)) };
}

function matMulBatch(graph: RandomGraph, t: Tensor): Result | undefined {
  const last = t.dims.length - 1;
  const k = known(t.dims[last] ?? size(1, 'none'));
  if (k === undefined || last < 2 || t.rows?.axis === last) return undefined;
  const m = graph.choices.pick(WIDTHS);
  const batch = t.dims.slice(0, -2).map((dim) => (graph.choices.chance(0.6) ? (known(dim) ?? 1) : 1));
  const name = graph.add('MatMul', [t, graph.weights([...batch, k, m], { scale: k ** -0.5 })]);
  return { ...t, name, dims: resized(t.dims, last, size(m)) };
}

function gemm(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length !== 2 || !t.rows) return undefined;
  const { choices } = graph;
  const from = 1 - t.rows.axis;
  const k = known(t.dims[from] as Size);
  if (k === undefined) return undefined;
  const m = choices.pick(WIDTHS);
  const transB = choices.chance(0.5);
  const bias = choices.pick([[], [graph.weights([m])], [graph.weights([1, m])], [graph.weights([], {})]]);
  const weights = graph.weights(transB ? [m, k] : [k, m], { scale: k ** -0.5 });
  const name = graph.add('Gemm', [t, weights, ...bias], { transA: from === 0 ? 1 : 0, transB: transB ? 1 : 0 });
  return { ...t, name, dims: [t.dims[t.rows.axis] as Size, size(m)], rows: { ...t.rows, axis: 0 } };
}

function einsum(graph: RandomGraph, t: Tensor): Result | undefined {
  if (graph.opset < 12) return undefined;
  const { choices } = graph;
  const sums = t.dims.flatMap((dim, axis) => (axis !== t.rows?.axis && known(dim) !== undefined ? [axis] : []));
  if (sums.length === 0) return undefined;
  const axis = choices.pick(sums);
  const m = choices.pick(WIDTHS);
  const letters = t.dims.map((_, i) => 'abcdefg'[i] as string);
  const perm = choices.shuffled(t.dims.map((_, i) => i));
  const kept = perm.map((i) => (i === axis ? 'z' : letters[i]));
  const k = known(t.dims[axis] as Size) as number;
  const name = graph.add('Einsum', [t, graph.weights([k, m], { scale: k ** -0.5 })], {
    equation: `${letters.join('')},${letters[axis]}z->${kept.join('')}`,
  });
  return {
    ...t,
    name,
    dims: perm.map((i) => (i === axis ? size(m) : (t.dims[i] as Size))),
    rows: t.rows && { ...t.rows, axis: perm.indexOf(t.rows.axis) },
  };
}

/** Turns the tensor into a batch of pictures or signals, with its rows on the first axis. */
function signals(graph: RandomGraph, t: Tensor): Tensor | undefined {
  if (t.dims.length < 3 || t.dims.length > 4 || !t.rows) return undefined;
  if (t.rows.axis === 0) return known(t.dims[1] as Size) === undefined ? undefined : t;
  if (known(t.dims[0] as Size) === undefined) return undefined;
  const unfolded = plain(graph, t);
  if (unfolded.dims.length > 4) return undefined;
  const others = unfolded.dims.map((_, i) => i).filter((i) => i !== unfolded.rows?.axis);
  const moved = transpose(graph, unfolded, [unfolded.rows!.axis, ...others]);
  return known(moved.dims[1] as Size) === undefined ? undefined : moved;
}

function convolution(graph: RandomGraph, t: Tensor, grouped = false): Result | undefined {
  const { choices } = graph;
  const x = signals(graph, t);
  if (!x) return undefined;
  const channels = known(x.dims[1] as Size) as number;
  const group = grouped ? channels : 1;
  const m = grouped ? channels * choices.pick([1, 2]) : choices.pick(WIDTHS);
  if (m > 12) return undefined;
  const spatial = x.dims.slice(2);
  const kernel = spatial.map(() => choices.pick([1, 3]));
  const weights = graph.weights([m, channels / group, ...kernel], { scale: 0.4 });
  const half = kernel.map((k) => (k - 1) / 2);
  const padding: NodeAttributes = choices.chance(0.5) ? { auto_pad: 'SAME_UPPER' } : { pads: [...half, ...half] };
  const bias = choices.chance(0.5) ? [graph.weights([m])] : [];
  const name = graph.add('Conv', [x, weights, ...bias], { kernel_shape: kernel, group, ...padding });
  return { ...x, name, dims: [x.dims[0] as Size, size(m), ...spatial] };
}

function convTranspose(graph: RandomGraph, t: Tensor): Result | undefined {
  const x = signals(graph, t);
  if (!x) return undefined;
  const channels = known(x.dims[1] as Size) as number;
  const m = graph.choices.pick([2, 3]);
  const kernel = x.dims.slice(2).map(() => 3);
  const name = graph.add('ConvTranspose', [x, graph.weights([channels, m, ...kernel], { scale: 0.4 })], {
    kernel_shape: kernel,
    pads: kernel.flatMap(() => [1, 1]),
  });
  return { ...x, name, dims: [x.dims[0] as Size, size(m), ...x.dims.slice(2)] };
}

function pool(graph: RandomGraph, t: Tensor, op: string): Result | undefined {
  const x = signals(graph, t);
  if (!x) return undefined;
  const { choices } = graph;
  const spatial = x.dims.slice(2);
  const stride = spatial.every((dim) => (known(dim) ?? 0) >= 4) && choices.chance(0.5) ? 2 : 1;
  const attributes = {
    kernel_shape: spatial.map(() => 3),
    strides: spatial.map(() => stride),
    pads: spatial.flatMap(() => [1, 1]),
  };
  const name = graph.add(op, [x], attributes);
  const dims = spatial.map((dim) => (stride === 1 ? dim : size(Math.floor(((known(dim) as number) - 1) / 2) + 1)));
  return { ...x, name, dims: [...x.dims.slice(0, 2), ...dims] };
}

function globalPool(graph: RandomGraph, t: Tensor, op: string): Result | undefined {
  const x = signals(graph, t);
  if (!x) return undefined;
  return { ...same(x, graph.add(op, [x])), dims: [...x.dims.slice(0, 2), ...x.dims.slice(2).map(() => ONE)] };
}
