import { CannotRun, coupled, notUnderstood } from '../values/obstacle';
import { growthWithin, N, ONE, Size } from '../values/size';
import {
  areColumns,
  constantDims,
  flatIndex,
  invariant,
  MAX_VALUES,
  rearranged,
  rowAxisSize,
  type Rows,
  type Tensor,
  type Value,
} from '../values/tensor';
import { asData, axisOf, dimsOf, type Call, type Operators } from './call';

function reshape(call: Call): Value {
  const t = call.tensor(0);
  const given =
    call.attributes.ints('shape')?.map((value) => Size.of(value)) ?? call.numbers(1, 'the shape to reshape to');
  const zeroMeansSame = !call.attributes.flag('allowzero', false);
  if (call.has(1) && (call.tensor(1).dims?.length ?? 1) !== 1) throw new CannotRun('its shape has more than one axis');
  const target = given.map((value, axis) => {
    if (value.is(-1)) return null;
    if (value.is(0)) {
      const same = t.dims?.[axis];
      if (!zeroMeansSame || !same) throw notUnderstood('a size to reshape to is 0');
      return same;
    }
    // A number that may be -1 or 0 may mean "infer" or "keep", so the size is unknown, and may differ at each use.
    if (value.min >= (zeroMeansSame ? 1 : 0)) return value;
    if (value.tainted) throw notUnderstood('a size to reshape to may be 0 or less');
    return call.fresh(`size ${axis}`);
  });
  if (target.filter((value) => value === null).length > 1)
    throw new CannotRun('its shape has more than one size to infer');
  const isLiteral = !call.has(1) || call.tensor(1).literal === true;
  return relayout(t, isLiteral ? target : withInferred(t, target), call.fresh('rest'));
}

/**
 * The runtime may infer a size that the graph gives, instead of failing where the shape does not fit: if only one size
 * of a shape that the graph concatenates is neither constant nor that of the same axis of the tensor, the runtime
 * replaces it by -1 (onnxruntime's ReshapeFusion). That size is the inferred one even where it is not replaced, because
 * the shape fits then.
 */
function withInferred({ dims, rows }: Tensor, target: readonly (Size | null)[]): readonly (Size | null)[] {
  const given = target.filter((size): size is Size => size !== null);
  if (given.length < target.length || (dims && Size.product(dims).equals(Size.product(given)))) return target;
  const computed = given.flatMap((size, axis) =>
    (size.growth?.degree ?? 0) > 0 && !dims?.[axis]?.equals(size) ? [axis] : [],
  );
  if (computed.length > 1) return target;
  const [axis] = computed;
  if (rows && !given.some(({ tainted }) => tainted)) throw coupled('moves the rows to axes of fixed size');
  if (axis === undefined)
    throw notUnderstood('its shape may not fit, and the runtime then infers a size instead of failing');
  return target.map((size, at) => (at === axis ? null : size));
}

/**
 * Reshapes a tensor without changing the order of its elements; null in `target` stands for the size to infer.
 *
 * @param unknown - inferred size of a tensor of unknown rank
 */
export function relayout(t: Tensor, target: readonly (Size | null)[], unknown?: Size): Tensor {
  if (t.rows) return relayoutRows(t, target);
  const given = target.filter((size): size is Size => size !== null);
  if (given.some(({ tainted }) => tainted)) throw coupled('reshapes a tensor without rows by the number of rows');
  const total = t.dims && Size.product(t.dims);
  const rest = total ? remaining(total, given) : unknown;
  if (!rest) throw notUnderstood('the rank of its input is unknown');
  const dims = target.map((size) => size ?? rest);
  const { values, elem, below } = t;
  return {
    kind: 'tensor',
    dims,
    elem,
    ...(values && values.length <= MAX_VALUES && { values }),
    ...(below && { below }),
  };
}

/**
 * Reshapes a tensor with rows. The flat order of its elements is [O, N, I], where O is the size of everything before
 * the rows, and I of everything behind them. In the new axes, the rows are on the axis whose size contains N. The
 * product of the axes before it must divide O, and the product of the axes behind it must divide I.
 */
function relayoutRows(t: Tensor, target: readonly (Size | null)[]): Tensor {
  const { dims, rows } = t;
  if (!dims || !rows) throw notUnderstood('the rank is unknown');
  if (areColumns(t.rowNumbers)) throw coupled('computes with the position of each row in the batch');
  const O = Size.product(dims.slice(0, rows.axis)).times(rows.outer);
  const I = rows.inner.times(Size.product(dims.slice(rows.axis + 1)));

  const tainted = target.flatMap((size, axis) => (size?.tainted ? [axis] : []));
  if (tainted.length > 1) throw coupled('spreads the rows over several axes');
  const axis = tainted[0] ?? target.indexOf(null);
  if (axis === -1) throw coupled('moves the rows to axes of fixed size');

  const before = productOf(target.slice(0, axis));
  const behind = productOf(target.slice(axis + 1));
  const outer = before && O.dividedBy(before);
  const inner = behind && I.dividedBy(behind);
  const size = target[axis];
  const perRow = size && size.dividedBy(N);
  if (size && (!perRow || perRow.tainted))
    throw notUnderstood('a size to reshape to depends on the number of rows in an unknown way');

  const unchanged = before?.equals(Size.product(dims.slice(0, rows.axis))) && size?.equals(dims[rows.axis] as Size);
  const found = unchanged ? rows : perRow ? ofKnownSize(perRow, outer, inner) : outer && inner && { outer, inner };
  if (!found) throw notUnderstood('it is unknown whether the new axes hold whole rows');
  const newRows = { axis, outer: found.outer, inner: found.inner };
  const given = target.filter((known, at): known is Size => known !== null && at !== axis);
  // If an axis other than the row axis is inferred, its size is what remains of O * I.
  const rest = remaining(O.times(I), perRow ? [...given, perRow] : given);
  const newDims = target.map((known, at) => (at === axis ? rowAxisSize(newRows) : (known ?? rest)));
  return {
    kind: 'tensor',
    dims: newDims,
    rows: newRows,
    elem: t.elem,
    ...(t.rowNumbers && { rowNumbers: t.rowNumbers }),
    ...(t.below && { below: t.below }),
  };
}

/**
 * Splits an axis of `perRow * N` elements into factors. If one factor is known, the other one is the quotient;
 * otherwise the run would fail.
 */
function ofKnownSize(perRow: Size, outer: Size | undefined, inner: Size | undefined) {
  if (outer && inner) return outer.times(inner).equals(perRow) ? { outer, inner } : undefined;
  // To Reshape, a size of 0 means "keep", so the size must be known to be at least 1.
  if (perRow.constant === undefined || perRow.constant < 1) return undefined;
  if (outer) {
    const rest = perRow.dividedBy(outer);
    return rest && { outer, inner: rest };
  }
  if (inner) {
    const rest = perRow.dividedBy(inner);
    return rest && { outer: rest, inner };
  }
  return undefined;
}

function productOf(sizes: readonly (Size | null)[]): Size | undefined {
  return sizes.includes(null) ? undefined : Size.product(sizes as readonly Size[]);
}

function remaining(total: Size, given: readonly Size[]): Size {
  const product = Size.product(given);
  return (
    total.dividedBy(product) ?? Size.opaque('quotient', [total, product], { min: 0, growth: growthWithin([total]) })
  );
}

function flatten(call: Call): Value {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  const axis = call.attributes.int('axis', 1);
  const at = axis < 0 ? axis + dims.length : axis;
  if (at < 0 || at > dims.length) throw notUnderstood(`its axis ${axis} is out of range for ${dims.length} axes`);
  return relayout(t, [Size.product(dims.slice(0, at)), Size.product(dims.slice(at))]);
}

function squeeze(call: Call): Value {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  const axes = call.axes(1)?.map((axis) => axisOf(axis, dims.length));
  if (!axes && t.rows) throw coupled('drops the axis of the rows if there is one row');
  const dropped = axes ?? dims.flatMap((dim, axis) => (dim.is(1) ? [axis] : []));
  if (!axes && dims.some(({ constant }) => constant === undefined))
    throw notUnderstood('the axes that it drops are unknown');
  if (t.rows && dropped.includes(t.rows.axis)) throw coupled('drops the axis of the rows');
  if (dropped.some((axis) => (dims[axis]?.constant ?? 1) !== 1))
    throw new CannotRun('an axis of more than one element is dropped');
  const kept = dims.flatMap((_, axis) => (dropped.includes(axis) ? [] : [axis]));
  return reshaped(
    t,
    kept.map((axis) => dims[axis] as Size),
    t.rows && { ...t.rows, axis: kept.indexOf(t.rows.axis) },
  );
}

function unsqueeze(call: Call): Value {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  const given = call.axes(1);
  if (!given) throw notUnderstood('the axes that it adds are not known');
  const rank = dims.length + given.length;
  const added = given.map((axis) => axisOf(axis, rank));
  const kept = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => !added.includes(axis));
  if (kept.length !== dims.length) throw notUnderstood('it adds an axis twice');
  const sizes = Array<Size>(rank).fill(ONE);
  kept.forEach((axis, at) => (sizes[axis] = dims[at] as Size));
  return reshaped(t, sizes, t.rows && { ...t.rows, axis: kept[t.rows.axis] as number });
}

function transpose(call: Call): Value {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  const perm = call.attributes.ints('perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
  if (perm.length !== dims.length)
    throw new CannotRun(`${perm.length} axes are given in a new order, but its input has ${dims.length}`);
  const order = perm.map((axis) => axisOf(axis, dims.length));
  if (new Set(order).size !== order.length) throw notUnderstood('an axis is listed twice');
  const newDims = order.map((axis) => dims[axis] as Size);
  if (t.values) {
    const [old, sizes] = [constantDims(t), constantDims(invariant(newDims))];
    const moved =
      old && sizes && rearranged(t, sizes, (index) => flatIndex(old, (axis) => index[order.indexOf(axis)] as number));
    return moved ?? invariant(newDims, asData(t).elem);
  }
  return reshaped(t, newDims, t.rows && { ...t.rows, axis: order.indexOf(t.rows.axis) });
}

/** Creates a tensor with the same elements but different axes; `rows` is the new layout of the rows. */
function reshaped(t: Tensor, dims: readonly Size[], rows: Rows | undefined): Tensor {
  const { elem, values, rowNumbers, below } = t;
  if (areColumns(rowNumbers)) throw coupled('computes with the position of each row in the batch');
  return {
    kind: 'tensor',
    dims,
    elem,
    ...(rows && { rows }),
    ...(values && { values }),
    ...(rowNumbers && { rowNumbers }),
    ...(below && { below }),
  };
}

export const reshaping: Operators = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
};
