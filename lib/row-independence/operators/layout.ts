import { commonRows } from '../align';
import { blockOf, joinedBlocks, sameSize } from '../blocks';
import { asData, asTensor, axisOf, dimsOf, type Call, type Operators } from '../call';
import { constantTensor, sparseConstant } from '../constants';
import { CannotRun, coupled, notUnderstood } from '../obstacle';
import { relayout } from '../relayout';
import { floorDivide, growthWithin, N, ONE, Size } from '../size';
import {
  areColumns,
  constantDims,
  FLOAT,
  INT64,
  invariant,
  MAX_VALUES,
  rearranged,
  rowAxisSize,
  valuesOf,
  vector,
  type Rows,
  type Tensor,
  type Value,
  INT32,
} from '../tensor';
import { unwritten, writtenIfUnderstood } from '../unwritten';

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

function constant(call: Call): Tensor {
  const { attributes } = call;
  const tensor = attributes.tensor('value');
  if (tensor) return constantTensor(tensor);
  const int = attributes.int('value_int');
  if (int !== undefined) return valuesOf([], [Size.of(int)], INT64);
  const float = attributes.float('value_float');
  if (float !== undefined) return finite([], [float]);
  const ints = attributes.ints('value_ints');
  if (ints) return vector(ints.map((value) => Size.of(value)));
  const floats = attributes.floats('value_floats');
  if (floats) return finite([floats.length], floats);
  const sparse = attributes.sparseTensor('sparse_value');
  return sparse ? sparseConstant(sparse) : invariant(undefined);
}

/** Creates a tensor of floats, whose elements are tracked if they are few and finite. */
function finite(dims: readonly number[], floats: readonly number[]): Tensor {
  const isTracked = floats.length <= MAX_VALUES && floats.every(Number.isFinite);
  return isTracked
    ? valuesOf(
        dims,
        floats.map((value) => Size.of(value)),
        FLOAT,
      )
    : invariant(
        dims.map((dim) => Size.of(dim)),
        FLOAT,
      );
}

function shape(call: Call): Value {
  const dims = sizesOf(call);
  if (!dims) return invariant([call.fresh('rank')], INT64);
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + dims.length : at, 0), dims.length);
  const [start, end] = [clamp(call.attributes.int('start', 0)), clamp(call.attributes.int('end', dims.length))];
  return vector(dims.slice(start, Math.max(start, end)));
}

/** Sizes of the input, which may be known even if the tensor is unusable. */
function sizesOf(call: Call): readonly Size[] | undefined {
  const value = call.inputs[0];
  return value?.kind === 'unusable' && value.dims ? value.dims : call.tensor(0).dims;
}

function size(call: Call): Value {
  const dims = sizesOf(call);
  return valuesOf([], [dims ? Size.product(dims) : call.fresh('size')], INT64);
}

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
      old && sizes && rearranged(t, sizes, (index) => flatOf(old, (axis) => index[order.indexOf(axis)] as number));
    return moved ?? invariant(newDims, asData(t).elem);
  }
  return reshaped(t, newDims, t.rows && { ...t.rows, axis: order.indexOf(t.rows.axis) });
}

function flatOf(dims: readonly number[], at: (axis: number) => number): number {
  return dims.reduce((flat, dim, axis) => flat * dim + at(axis), 0);
}

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
      rearranged(t, target, (index) => flatOf(old, (at) => (old[at] === 1 ? 0 : (index[at + shift] as number))));
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
export function uniformRows(axis: number, size: Size): Rows {
  const inner = size.dividedBy(N);
  if (!inner || inner.tainted) throw coupled('has an axis whose size is not a multiple of the number of rows');
  return { axis, outer: ONE, inner, uniform: true };
}

function constantOfShape(call: Call): Value {
  const message = call.attributes.tensor('value');
  const value = message ? constantTensor(message) : valuesOf([1], [Size.of(0)], FLOAT);
  const dims = call.numbers(0, 'the shape to fill');
  const scalar: Tensor = { ...value, dims: [] };
  if (dims.every((dim) => !dim.tainted)) {
    const sizes = constantDims(invariant(dims));
    const filled = sizes && rearranged(scalar, sizes, () => 0);
    return filled ?? invariant(dims.map(atLeastZero), value.elem);
  }
  return { ...expandTo(invariant([], value.elem), dims), elem: value.elem };
}

function atLeastZero(dim: Size): Size {
  return dim.min >= 0 ? dim : Size.opaque('size', [dim], { min: 0, growth: growthWithin([dim]) });
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
    old && target && rearranged(t, target, (index) => flatOf(old, (at) => (index[at] as number) % (old[at] as number)));
  return moved ?? invariant(sizes, asData(t).elem);
}

function concat(call: Call): Value {
  const tensors = call.inputs.flatMap((value) => (value ? [asTensor(value)] : []));
  return concatenated(tensors, call.attributes.int('axis', 1));
}

export function concatenated(tensors: readonly Tensor[], along: number): Tensor {
  const [first] = tensors;
  if (!first) throw notUnderstood('it has no inputs');
  const shapes = tensors.map(dimsOf);
  const rank = dimsOf(first).length;
  if (shapes.some(({ length }) => length !== rank)) throw new CannotRun('tensors of different ranks are joined');
  const axis = axisOf(along, rank);
  for (let other = 0; other < rank; other++) {
    if (other !== axis && !areAlike(shapes.map((dims) => dims[other] as Size))) throw unwritten();
  }
  if (tensors.some(({ rows }) => rows?.axis === axis)) return joinedBlocks(tensors, axis);
  const rows = commonRows(tensors.map((t, at) => ({ dims: shapes[at] as readonly Size[], rows: t.rows })));
  if (rows && tensors.some((t) => !t.rows)) throw coupled('joins the rows with a tensor that is not per row');
  const length = shapes.map((dims) => dims[axis] as Size).reduce((sum, size) => sum.plus(size));
  const dims = (shapes[0] as readonly Size[]).map((_, at) =>
    at === axis ? length : at === rows?.axis ? rowAxisSize(rows) : (sameSize(shapes, at) ?? joinedSize(shapes, at)),
  );
  const elem = first.elem;
  if (tensors.every(({ values }) => values)) {
    const joined = joinedValues(tensors, constantDims(invariant(dims)), axis, elem);
    if (joined) return joined;
  }
  const numbers = joinedRowNumbers(tensors, axis, rank);
  if (!numbers) tensors.forEach(asData);
  return { kind: 'tensor', dims, elem, ...(rows && { rows }), ...(numbers && { rowNumbers: numbers }) };
}

/**
 * Whether sizes are equal if the run succeeds. The runtime does not compare the sizes of an empty tensor with those of
 * other tensors.
 */
function areAlike(sizes: readonly Size[]): boolean {
  return sizes.every((size) => size.min >= 1) || sizes.every((size) => size.equals(sizes[0] as Size));
}

/** Size of an axis after joining tensors that may be empty. The runtime ignores the other sizes of an empty tensor. */
function joinedSize(shapes: readonly (readonly Size[])[], axis: number): Size {
  return Size.opaque(`joined ${axis} of ${shapes[0]?.length}`, shapes.flat(), { min: 0 });
}

function joinedValues(tensors: readonly Tensor[], dims: readonly number[] | undefined, axis: number, elem: number) {
  if (!dims || dims.reduce((count, dim) => count * dim, 1) > MAX_VALUES) return undefined;
  const joined: Tensor = { kind: 'tensor', elem, values: tensors.flatMap(({ values = [] }) => values) };
  const lengths = tensors.map((t) => t.dims?.[axis]?.constant ?? 0);
  const starts = tensors.map((_, at) =>
    tensors.slice(0, at).reduce((sum, { values }) => sum + (values?.length ?? 0), 0),
  );
  return rearranged(joined, dims, (index) => {
    let at = index[axis] as number;
    let part = 0;
    while (part < lengths.length - 1 && at >= (lengths[part] as number)) at -= lengths[part++] as number;
    const shape = dims.map((dim, other) => (other === axis ? (lengths[part] as number) : dim));
    return (starts[part] as number) + flatOf(shape, (other) => (other === axis ? at : (index[other] as number)));
  });
}

/** Indices on the last axis that contain row numbers after columns of indices are joined. */
function joinedRowNumbers(tensors: readonly Tensor[], axis: number, rank: number): number[] | undefined {
  if (axis !== rank - 1 || !tensors.some(({ rowNumbers }) => rowNumbers)) return undefined;
  const columns: number[] = [];
  let start = 0;
  for (const t of tensors) {
    const width = t.dims?.[axis]?.constant;
    if (width === undefined || t.values?.some(({ tainted }) => tainted)) return undefined;
    if (areColumns(t.rowNumbers)) columns.push(...t.rowNumbers.map((at) => start + at));
    else if (t.rowNumbers?.stride.is(1) && t.rowNumbers.below.is(1)) {
      for (let at = 0; at < width; at++) columns.push(start + at);
    } else if (t.rowNumbers) return undefined;
    start += width;
  }
  return columns;
}

function split(call: Call): Value[] {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  const axis = axisOf(call.attributes.int('axis', 0), dims.length);
  const length = dims[axis] as Size;
  const count = call.node.output.length;
  const given =
    call.attributes.ints('split')?.map((value) => Size.of(value)) ??
    (call.has(1) ? call.numbers(1, 'the sizes of the parts') : undefined);
  if (given && given.length !== count) throw notUnderstood('its numbers of parts and sizes differ');
  if (call.attributes.int('num_outputs', count) !== count)
    throw notUnderstood('its numbers of parts and outputs differ');
  const parts = given ?? equalParts(length, count);
  const starts = parts.map((_, at) => parts.slice(0, at).reduce((sum, part) => sum.plus(part), Size.of(0)));
  if (t.rows?.axis === axis) return parts.map((part, at) => blockOf(t, starts[at] as Size, part));
  return parts.map((part, at) => sliced(t, axis, starts[at] as Size, part));
}

/** Lengths of the equal parts that an axis is split into; the last part may be smaller. */
function equalParts(length: Size, count: number): Size[] {
  const known = length.constant;
  if (known !== undefined) {
    const part = Math.ceil(known / count);
    return Array.from({ length: count }, (_, at) => Size.of(Math.max(0, Math.min(part, known - at * part))));
  }
  const exact = length.dividedBy(Size.of(count));
  if (exact) return Array<Size>(count).fill(exact);
  const part = floorDivide(length.plus(Size.of(count - 1)), Size.of(count));
  return Array.from({ length: count }, (_, at) =>
    at < count - 1 ? part : Size.opaque('last', [length, part], { min: 0, growth: growthWithin([length]) }),
  );
}

/** Slices a tensor along one axis. */
export function sliced(t: Tensor, axis: number, start: Size, length: Size): Tensor {
  const dims = dimsOf(t).map((dim, at) => (at === axis ? length : dim));
  const [old, sizes] = [constantDims(t), constantDims(invariant(dims))];
  const from = start.constant;
  if (t.values && old && sizes && from !== undefined) {
    const part = rearranged(t, sizes, (index) => flatOf(old, (at) => (index[at] as number) + (at === axis ? from : 0)));
    if (part) return part;
  }
  if (areColumns(t.rowNumbers)) asData(t);
  const { elem, rows, rowNumbers } = t;
  if (!rowNumbers) asData(t);
  return { kind: 'tensor', dims, elem, ...(rows && { rows }), ...(rowNumbers && { rowNumbers }) };
}

function trilu(call: Call): Value {
  const t = call.data(0);
  const rank = dimsOf(t).length;
  call.shared(1, 'the diagonal');
  if (t.rows && t.rows.axis >= rank - 2) throw coupled('keeps elements of each row by its position in the batch');
  return withoutValues(t);
}

/** The tensor as data, without its elements. */
export function withoutValues(t: Tensor): Tensor {
  const { dims, rows, elem } = asData(t);
  return { kind: 'tensor', elem, ...(dims && { dims }), ...(rows && { rows }) };
}

function eyeLike(call: Call): Value {
  const t = call.tensor(0);
  if (t.rows) throw coupled('gives each row values by its position in the batch');
  return invariant(t.dims, call.attributes.int('dtype', t.elem));
}

function isCount(elem: number): boolean {
  return elem === INT64 || elem === INT32;
}

/** Creates a range; a range over the number of rows contains the index of each row. */
function range(call: Call): Value {
  const [start = ONE] = call.numbers(0, 'where it starts');
  const [limit = ONE] = call.numbers(1, 'where it ends');
  const [delta = ONE] = call.numbers(2, 'its step');
  const { elem } = call.tensor(0);
  const [a, b, d] = [start.constant, limit.constant, delta.constant];
  if (a !== undefined && b !== undefined && d !== undefined && d !== 0) {
    const count = Math.max(0, Math.ceil((b - a) / d));
    const whole = [a, b, d].every(Number.isInteger) && count <= MAX_VALUES;
    return whole
      ? vector(
          Array.from({ length: count }, (_, at) => Size.of(a + at * d)),
          elem,
        )
      : { ...invariant([Size.of(count)], elem), ...(isCount(elem) && a >= 0 && d > 0 && { below: Size.of(b) }) };
  }
  if ([start, limit, delta].every(({ tainted }) => !tainted)) {
    const length = limit.minus(start);
    const exact = delta.is(1) && length.integer && length.min >= 0;
    const counted = invariant([exact ? length : Size.opaque('range', [start, limit, delta], { min: 0 })], elem);
    const upwards = start.is(0) && delta.is(1) && limit.integer && limit.min >= 0;
    return upwards && isCount(elem) ? { ...counted, below: limit } : counted;
  }
  if (!start.is(0) || !limit.equals(N) || !delta.is(1)) throw coupled('creates a range without one number per row');
  return {
    kind: 'tensor',
    dims: [N],
    rows: { axis: 0, outer: ONE, inner: ONE },
    elem,
    rowNumbers: { stride: ONE, below: ONE },
  };
}

export const layout: Operators = {
  Constant: (call) => ({ ...constant(call), literal: true }),
  Shape: shape,
  Size: size,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Expand: expand,
  ConstantOfShape: constantOfShape,
  Tile: tile,
  Concat: writtenIfUnderstood(concat),
  Split: split,
  Trilu: trilu,
  EyeLike: eyeLike,
  Range: range,
};
