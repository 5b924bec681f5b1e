import { coupled, notUnderstood } from './obstacle';
import { growthWithin, N, Size } from './size';
import { areColumns, MAX_VALUES, rowAxisSize, type Tensor } from './tensor';

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
