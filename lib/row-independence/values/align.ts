import { coupled, notUnderstood } from './obstacle';
import { growthWithin, ONE, Size } from './size';
import { rowAxisSize, type Rows, type Tensor } from './tensor';

/** Sizes and rows of an operator's result. */
export interface Layout {
  readonly dims?: readonly Size[];
  readonly rows?: Rows;
}

/**
 * Broadcasts tensors as numpy does, aligned at the last axis. The rows of all tensors must be on the same axis, and
 * tensors without rows must have size 1 on it.
 *
 * @throws Obstacle
 */
export function broadcast(tensors: readonly Tensor[]): Layout {
  const carriers = tensors.filter(({ rows }) => rows);
  if (tensors.some(({ dims }) => !dims)) {
    if (carriers.length > 0) throw notUnderstood('the rank of the other operand is unknown');
    return {};
  }
  const rank = tensors.reduce((most, { dims }) => Math.max(most, dims?.length ?? 0), 0);
  const aligned = tensors.map((tensor) => alignedTo(tensor, rank));
  const rows = commonRows(aligned);
  const dims: Size[] = [];
  for (let axis = 0; axis < rank; axis++) {
    dims.push(axis === rows?.axis ? rowAxisSize(rows) : broadcastSize(aligned.map((t) => t.dims[axis] as Size)));
  }
  return { dims, ...(rows && { rows }) };
}

/** Prepends axes of size 1. */
function alignedTo(tensor: Tensor, rank: number) {
  const { dims = [], rows } = tensor;
  const missing = rank - dims.length;
  return {
    dims: missing === 0 ? dims : [...Array<Size>(missing).fill(ONE), ...dims],
    rows: rows && { ...rows, axis: rows.axis + missing },
  };
}

/**
 * Common layout of the rows of operands whose axes are aligned.
 *
 * @throws Obstacle if rows would be combined with different rows
 */
export function commonRows(operands: readonly { dims: readonly Size[]; rows?: Rows | undefined }[]): Rows | undefined {
  const found = operands.flatMap(({ rows }) => (rows ? [rows] : []));
  if (found.length === 0) return undefined;
  const main = found.find(({ uniform }) => !uniform) ?? (found[0] as Rows);
  for (const rows of found) {
    if (rows.axis !== main.axis) throw coupled('combines rows that are on different axes');
    if (!sameRows(rows, main)) throw coupled('combines rows with different layouts');
  }
  for (const { dims, rows } of operands) {
    const size = dims[main.axis];
    if (!rows && size && !size.is(1))
      throw coupled('combines the rows with a tensor of fixed size along the same axis');
  }
  return main;
}

function sameRows(a: Rows, b: Rows): boolean {
  if (a.uniform || b.uniform) return rowAxisSize(a).equals(rowAxisSize(b));
  return a.outer.equals(b.outer) && a.inner.equals(b.inner);
}

/** Size of an axis after broadcasting, if the run succeeds. */
export function broadcastSize(sizes: readonly Size[]): Size {
  const distinct = new Map<string, Size>();
  for (const size of sizes) if (!size.is(1)) distinct.set(size.key, size);
  const [first = ONE, second] = distinct.values();
  if (!second) return first;
  // Sizes that are broadcast are equal or 1, so the result is the greatest, unless one is 0.
  for (const size of distinct.values()) {
    if (size.min >= 1 && [...distinct.values()].some((other) => size.isLesserOf(other))) distinct.delete(size.key);
  }
  const [greatest] = distinct.values();
  if (greatest && distinct.size === 1) return greatest;
  const known = [...distinct.values()].find(({ constant }) => constant !== undefined);
  return (
    known ??
    Size.opaque(
      'broadcast',
      [...distinct.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
      // The result is one of these sizes.
      { min: Math.min(...[...distinct.values()].map(({ min }) => min)), growth: growthWithin([...distinct.values()]) },
    )
  );
}
