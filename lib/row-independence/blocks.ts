import { asData, dimsOf } from './call';
import { coupled, notUnderstood } from './obstacle';
import { N, ONE, type Size } from './size';
import { rowAxisSize, type Rows, type Tensor } from './tensor';

/**
 * Concatenates tensors along the axis of their rows. Each tensor becomes a block that contains all rows, and the blocks
 * are folded in front of the rows.
 */
export function joinedBlocks(tensors: readonly Tensor[], axis: number): Tensor {
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

/**
 * Size that an axis has in all tensors if the run succeeds. Undefined if the sizes may differ because a tensor may be
 * empty: the runtime does not compare the sizes of an empty tensor with those of other tensors.
 */
export function sameSize(shapes: readonly (readonly Size[])[], axis: number): Size | undefined {
  const sizes = shapes.map((dims) => dims[axis] as Size);
  const [first] = sizes;
  if (sizes.every((size) => first?.equals(size))) return first;
  if (shapes.some((dims) => dims.some(({ min }) => min < 1))) return undefined;
  return sizes.find(({ constant }) => constant !== undefined) ?? first;
}

/** Slices a tensor along the axis of its rows. The slice must consist of blocks that contain all rows. */
export function blockOf(t: Tensor, start: Size, length: Size): Tensor {
  const { rows, elem } = asData(t);
  if (!rows) throw notUnderstood('it has no rows');
  const unit = N.times(rows.inner);
  const [from, count] = [start.dividedBy(unit)?.constant, length.dividedBy(unit)?.constant];
  const outer = rows.outer.constant;
  const whole =
    from !== undefined &&
    count !== undefined &&
    outer !== undefined &&
    from >= 0 &&
    count >= 1 &&
    from + count <= outer;
  if (!whole) throw coupled('picks some of the rows');
  const part: Rows = { axis: rows.axis, outer: length.dividedBy(unit) ?? ONE, inner: rows.inner };
  const dims = dimsOf(t).map((size, at) => (at === rows.axis ? length : size));
  return { kind: 'tensor', dims, rows: part, elem };
}
