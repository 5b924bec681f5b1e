import type { RandomGraph, Result, Tensor } from '../random-graph';
import { plain, reshape, rowsTo, transpose } from '../shapes';
import { known, product, size, type Size } from '../size';
import { faithful, lossy, type RowWise } from './operator';

export const ATTENTION: readonly RowWise[] = [
  lossy('attention with heads on an axis', (graph, t) => attention(graph, t, false)),
  lossy('attention with heads folded into the row axis', (graph, t) => attention(graph, t, true)),
  faithful('channel shuffle', channelShuffle),
  lossy('windows of a sequence folded into the rows', windows),
];

/** [rows, steps, features] */
function sequence(graph: RandomGraph, t: Tensor): (Tensor & { rows: NonNullable<Tensor['rows']> }) | undefined {
  const unfolded = plain(graph, t);
  if (!unfolded.rows || unfolded.dims.length !== 3) return undefined;
  const x = rowsTo(graph, unfolded, 0);
  return x.rows && known(x.dims[2] as Size) !== undefined ? { ...x, rows: x.rows } : undefined;
}

function attention(graph: RandomGraph, t: Tensor, folded: boolean): Result | undefined {
  const x = sequence(graph, t);
  if (!x) return undefined;
  const [n, steps, features] = x.dims as [Size, Size, Size];
  const [heads, width] = [2, 3];
  const scale = (known(features) as number) ** -0.5;
  const headsOf = (last: boolean): Result => {
    const name = graph.add('MatMul', [x, graph.weights([known(features) as number, heads * width], { scale })]);
    const flat = { ...x, name, dims: [n, steps, size(heads * width)] };
    const split = reshape(graph, flat, [n, steps, size(heads), size(width)], x.rows);
    const turned = transpose(graph, split, last ? [0, 2, 3, 1] : [0, 2, 1, 3]);
    if (!folded) return turned;
    const rows = { ...x.rows, inner: size(heads) };
    return reshape(graph, turned, [product([n, size(heads)]), ...turned.dims.slice(2)], rows);
  };
  const [q, k, v] = [headsOf(false), headsOf(true), headsOf(false)];
  const scores = graph.add('Div', [graph.add('MatMul', [q, k]), graph.floats([width ** 0.5], [])]);
  const weights = graph.add('Softmax', [scores], { axis: graph.opset >= 13 ? -1 : q.dims.length - 1 });
  const mixed: Result = { ...v, name: graph.add('MatMul', [weights, v]) };
  const apart = folded ? reshape(graph, mixed, [n, size(heads), steps, size(width)], x.rows) : mixed;
  return reshape(graph, transpose(graph, apart, [0, 2, 1, 3]), [n, steps, size(heads * width)], x.rows);
}

function channelShuffle(graph: RandomGraph, t: Tensor): Result | undefined {
  if (t.dims.length !== 3 && t.dims.length !== 4) return undefined;
  const channels = known(t.dims[1] as Size);
  if (t.rows?.axis !== 0 || channels === undefined || channels % 2 !== 0) return undefined;
  const [n, , ...tail] = t.dims as [Size, Size, ...Size[]];
  const apart = reshape(graph, t, [n, size(2), size(channels / 2), ...tail], t.rows);
  const turned = transpose(graph, apart, [0, 2, 1, ...tail.map((_, i) => i + 3)]);
  return reshape(graph, turned, t.dims, t.rows);
}

/**
 * Reshapes [rows, 2·w, features] to [rows·2, w, features], applies an operator to each window, and restores the shape.
 */
function windows(graph: RandomGraph, t: Tensor): Result | undefined {
  const x = sequence(graph, t);
  const steps = x && known(x.dims[1] as Size);
  if (!x || !steps || steps % 2 !== 0) return undefined;
  const [n, , features] = x.dims as [Size, Size, Size];
  const folded = reshape(graph, x, [product([n, size(2)]), size(steps / 2), features], { ...x.rows, inner: size(2) });
  const mixed = { ...folded, name: graph.add('Softmax', [folded], { axis: 2 }) };
  return reshape(graph, mixed, x.dims, x.rows);
}
