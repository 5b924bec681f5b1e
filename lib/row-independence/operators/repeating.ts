import { CannotRun, coupled } from '../values/obstacle';
import { growthWithin, N, ONE, Size } from '../values/size';
import {
  areColumns,
  constantDims,
  flatIndex,
  invariant,
  rearranged,
  type Rows,
  type Tensor,
  type Value,
} from '../values/tensor';
import { asData, dimsOf, type Call, type Operators } from './call';

/**
 * Repeats a tensor along its axes of size 1. For every other axis, the shape must contain either the size of the axis
 * or 1.
 */
function expand(call: Call): Value {
  const t = call.tensor(0);
  const shape = call.numbers(1, 'the shape to expand to');
  return expandTo(t, shape);
}

export function expandTo(t: Tensor, shape: readonly Size[]): Tensor {
  const dims = dimsOf(t);
  const rank = Math.max(dims.length, shape.length);
  const own = Array.from({ length: rank }, (_, axis) => dims[axis - rank + dims.length] ?? ONE);
  const asked = Array.from({ length: rank }, (_, axis) => shape[axis - rank + shape.length] ?? ONE);
  const tainted = asked.flatMap((size, axis) => (size.tainted ? [axis] : []));
  const rows = t.rows && { ...t.rows, axis: t.rows.axis + rank - dims.length };
  if (tainted.length > 1) throw coupled('expands to the number of rows on several axes');
  const [axis] = tainted;
  if (rows && axis !== undefined && rows.axis !== axis) throw coupled('expands to the number of rows on another axis');
  if (rows) {
    const size = asked[rows.axis] as Size;
    if (!size.is(1) && !size.equals(own[rows.axis] as Size)) throw coupled('expands the axis that counts rows');
  } else if (axis !== undefined && !own[axis]?.is(1)) {
    throw coupled('expands a fixed axis to the number of rows');
  }
  const sizes = own.map((size, at) => (at === rows?.axis ? size : expandedSize(size, asked[at] as Size)));
  const found = rows ?? (axis === undefined ? undefined : uniformRows(axis, asked[axis] as Size));
  if (t.values && !found) {
    const [old, target] = [constantDims(t), constantDims(invariant(sizes))];
    const shift = rank - dims.length;
    const moved =
      old &&
      target &&
      rearranged(t, target, (index) => flatIndex(old, (at) => (old[at] === 1 ? 0 : (index[at + shift] as number))));
    if (moved) return moved;
  }
  const { rowNumbers, below } = t;
  const data = rowNumbers ? t : asData(t);
  if (areColumns(rowNumbers) && expandedSize(own[rank - 1] as Size, asked[rank - 1] as Size) !== own[rank - 1])
    asData(t);
  return {
    kind: 'tensor',
    dims: sizes,
    elem: data.elem,
    ...(found && { rows: found }),
    ...(rowNumbers && { rowNumbers }),
    ...(below && { below }),
  };
}

function expandedSize(own: Size, asked: Size): Size {
  if (own.is(1) && !asked.is(-1)) return asked;
  if (asked.is(1) || asked.is(-1) || asked.equals(own)) return own;
  if (own.constant !== undefined) return own;
  return asked.constant === undefined
    ? Size.opaque('broadcast', own.key < asked.key ? [own, asked] : [asked, own], {
        min: 0,
        growth: growthWithin([own, asked]),
      })
    : asked;
}

/** Layout of rows on an axis along which all elements are equal. */
function uniformRows(axis: number, size: Size): Rows {
  const inner = size.dividedBy(N);
  if (!inner || inner.tainted) throw coupled('has an axis whose size is not a multiple of the number of rows');
  return { axis, outer: ONE, inner, uniform: true };
}

function tile(call: Call): Value {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  let repeats = call.numbers(1, 'how often it repeats');
  if (call.opset < 6) {
    // Version 1 has the number of repetitions and the axis as inputs.
    const [axis] = call.constants(2, 'the axis along which it repeats') ?? [0];
    const [times = ONE] = repeats;
    repeats = dims.map((_, at) => (at === axis ? times : ONE));
  }
  if (repeats.length !== dims.length) throw new CannotRun('it repeats a different number of axes than its input has');
  const tainted = repeats.flatMap((size, axis) => (size.tainted ? [axis] : []));
  const [axis] = tainted;
  if (tainted.length > 1 || (axis !== undefined && t.rows)) throw coupled('repeats rows as often as there are rows');
  const sizes = dims.map((dim, at) => dim.times(atLeastZero(repeats[at] as Size)));
  if (axis !== undefined) {
    // The whole axis is repeated once for each row, so the row is the outer index.
    const perRow = (repeats[axis] as Size).dividedBy(N);
    if (!perRow?.is(1)) throw coupled('repeats by a number other than the number of rows');
    const uniform = dims[axis]?.is(1) === true;
    return {
      kind: 'tensor',
      dims: sizes,
      rows: { axis, outer: ONE, inner: dims[axis] as Size, ...(uniform && { uniform }) },
      elem: asData(t).elem,
    };
  }
  if (t.rows) {
    if (areColumns(t.rowNumbers)) asData(t);
    const times = atLeastZero(repeats[t.rows.axis] as Size);
    return { ...t, dims: sizes, filled: false, rows: { ...t.rows, outer: t.rows.outer.times(times) } };
  }
  const [old, target] = [constantDims(t), constantDims(invariant(sizes))];
  const moved =
    old &&
    target &&
    rearranged(t, target, (index) => flatIndex(old, (at) => (index[at] as number) % (old[at] as number)));
  return moved ?? invariant(sizes, asData(t).elem);
}

export function atLeastZero(dim: Size): Size {
  return dim.min >= 0 ? dim : Size.opaque('size', [dim], { min: 0, growth: growthWithin([dim]) });
}

export const repeating: Operators = {
  Expand: expand,
  Tile: tile,
};
