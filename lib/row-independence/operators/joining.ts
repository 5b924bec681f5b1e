import { commonRows } from '../values/align';
import { CannotRun, coupled, notUnderstood } from '../values/obstacle';
import { N, Size } from '../values/size';
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
import { asData, asTensor, axisOf, dimsOf, type Call, type Operators } from './call';
import { unwritten, writtenIfUnderstood } from './unwritten';

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

/**
 * Size that an axis has in all tensors if the run succeeds. Undefined if the sizes may differ because a tensor may be
 * empty: the runtime does not compare the sizes of an empty tensor with those of other tensors.
 */
function sameSize(shapes: readonly (readonly Size[])[], axis: number): Size | undefined {
  const sizes = shapes.map((dims) => dims[axis] as Size);
  const [first] = sizes;
  if (sizes.every((size) => first?.equals(size))) return first;
  if (shapes.some((dims) => dims.some(({ min }) => min < 1))) return undefined;
  return sizes.find(({ constant }) => constant !== undefined) ?? first;
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
    return (starts[part] as number) + flatIndex(shape, (other) => (other === axis ? at : (index[other] as number)));
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

/**
 * Concatenates tensors along the axis of their rows. Each tensor becomes a block that contains all rows, and the blocks
 * are folded in front of the rows.
 */
function joinedBlocks(tensors: readonly Tensor[], axis: number): Tensor {
  const all = tensors.map(asData);
  if (all.some(({ rows }) => rows?.axis !== axis)) throw coupled('joins the rows with a tensor that is not per row');
  const rows = all.map((t) => t.rows as Rows);
  const main = rows.find(({ uniform }) => !uniform) ?? (rows[0] as Rows);
  const blocks = rows.map((one) => (one.uniform ? rowAxisSize(one).dividedBy(N.times(main.inner)) : one.outer));
  const alike = rows.every(({ uniform, inner }) => uniform || inner.equals(main.inner));
  if (!alike || blocks.some((count) => !count || count.tainted))
    throw notUnderstood('joins rows with different layouts');
  const outer = (blocks as Size[]).reduce((sum, count) => sum.plus(count));
  const joined: Rows = { axis, outer, inner: main.inner };
  const [first] = all as [Tensor];
  const shapes = all.map(dimsOf);
  const dims = dimsOf(first).map((_, at) => (at === axis ? rowAxisSize(joined) : (sameSize(shapes, at) ?? unlike())));
  return { kind: 'tensor', dims, rows: joined, elem: first.elem };
}

function unlike(): never {
  throw notUnderstood('joins tensors of which one may be empty, so that their sizes may differ');
}

export const joining: Operators = {
  Concat: writtenIfUnderstood(concat),
};
