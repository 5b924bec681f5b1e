import { broadcast, broadcastSize } from '../values/align';
import { CannotRun, coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import { INT32, invariant, rowAxisSize, type Rows, type Tensor, type Value } from '../values/tensor';
import { dimsOf, type Call, type Operators, type Transfer } from './call';
import { merged } from './elementwise';
import { writtenProduct } from './unwritten';

/**
 * Implements numpy's matmul: [..., m, k] by [..., k, n]. Rows may be on the leading axes, where they are combined as in
 * broadcasting, or on one of the two remaining axes; the summed axis must not count rows.
 */
export function matmul(a: Tensor, b: Tensor, elem = a.elem): Tensor {
  if (!a.dims || !b.dims) {
    if (a.rows || b.rows) throw notUnderstood('the rank of the other operand is unknown');
    return invariant(undefined, elem);
  }
  if (a.dims.length === 0 || b.dims.length === 0) throw notUnderstood('a scalar is not a matrix');
  const left = a.dims.length === 1 ? withAxis(a, 0) : a;
  const right = b.dims.length === 1 ? withAxis(b, 1) : b;
  const [ranks, ours, theirs] = [
    Math.max(dimsOf(left).length, dimsOf(right).length),
    inFront(left, 1),
    inFront(right, 0),
  ];
  const alone = ours.alone || theirs.alone;
  if (alone && (ours.rows || theirs.rows || (ours.alone && theirs.alone))) throw coupled('multiplies rows by rows');
  const front = broadcast([ours.front, theirs.front]);
  const batch = front.dims ?? [];
  const [summed, other] = [dimsOf(left).at(-1)?.constant, dimsOf(right).at(-2)?.constant];
  if (summed !== undefined && other !== undefined && summed !== other)
    throw new CannotRun('matrices of different sizes are multiplied');
  const m = dimsOf(left).at(-2) as Size;
  const n = dimsOf(right).at(-1) as Size;
  const rows: Rows | undefined = ours.alone
    ? { ...ours.alone, axis: ranks - 2 }
    : theirs.alone
      ? { ...theirs.alone, axis: ranks - 1 }
      : front.rows;
  return dropAdded(
    { kind: 'tensor', dims: [...batch, m, n], elem, ...(rows && { rows }) },
    a.dims.length === 1,
    b.dims.length === 1,
  );
}

function withAxis(t: Tensor, at: 0 | 1): Tensor {
  const dims = at === 0 ? [ONE, ...dimsOf(t)] : [...dimsOf(t), ONE];
  return {
    kind: 'tensor',
    dims,
    elem: t.elem,
    ...(t.rows && { rows: { ...t.rows, axis: t.rows.axis + (at === 0 ? 1 : 0) } }),
  };
}

/** Leading axes of a stack of matrices, and the layout of the rows on them or on the axis that is not summed. */
function inFront(t: Tensor, summed: 0 | 1) {
  const dims = dimsOf(t);
  const front = dims.length - 2;
  const { rows } = t;
  if (rows && rows.axis === front + summed) throw coupled('sums over the axis that counts rows');
  const batched = rows && rows.axis < front ? rows : undefined;
  return {
    front: { kind: 'tensor', dims: dims.slice(0, front), elem: 0, ...(batched && { rows: batched }) } satisfies Tensor,
    rows: batched,
    alone: rows && !batched ? rows : undefined,
  };
}

function dropAdded(t: Tensor, first: boolean, last: boolean): Tensor {
  let { dims = [], rows } = t;
  if (last) dims = dims.slice(0, -1);
  if (first) {
    const at = last ? dims.length - 1 : dims.length - 2;
    dims = dims.filter((_, axis) => axis !== at);
    if (rows && rows.axis > at) rows = { ...rows, axis: rows.axis - 1 };
  }
  return { kind: 'tensor', dims, elem: t.elem, ...(rows && { rows }) };
}

/** Exchanges the last two axes. */
export function swapped(t: Tensor): Tensor {
  const dims = [...dimsOf(t)];
  const last = dims.length - 1;
  if (last < 1) throw notUnderstood('it has fewer than two axes');
  [dims[last - 1], dims[last]] = [dims[last] as Size, dims[last - 1] as Size];
  const { rows } = t;
  const axis = rows?.axis === last ? last - 1 : rows?.axis === last - 1 ? last : rows?.axis;
  return { kind: 'tensor', dims, elem: t.elem, ...(rows && { rows: { ...rows, axis: axis as number } }) };
}

/** a' b' + c */
export function gemm(call: Call): Value {
  const [a, b] = [call.data(0), call.data(1)];
  // The runtime also accepts a vector as the left matrix.
  if (a.dims?.length === 1) throw notUnderstood('its inputs are not matrices');
  if ((a.dims && a.dims.length !== 2) || (b.dims && b.dims.length !== 2))
    throw new CannotRun('its inputs are not matrices');
  const left = call.attributes.flag('transA', false) && a.dims ? swapped(a) : a;
  const right = call.attributes.flag('transB', false) && b.dims ? swapped(b) : b;
  const result = matmul(left, right);
  const c = call.optionalData(2);
  return c ? { ...addedTo(result, c), elem: a.elem } : result;
}

/** Adds a summand, which is broadcast to the result, never the other way round. */
export function addedTo(result: Tensor, summand: Tensor): Tensor {
  const sum = merged([result, summand], result.elem);
  if (summand.rows && !result.rows) throw coupled('adds rows to a tensor without rows');
  return { ...sum, ...(result.dims && { dims: result.dims }) };
}

/**
 * Requires a single scale or zero point. Separate values for each index would differ between the rows of the left
 * matrix.
 */
export function single(call: Call, position: number): void {
  const parameter = call.shared(position, 'scales and zero points');
  if (parameter && !Size.product(dimsOf(parameter)).is(1))
    throw notUnderstood('it has a scale or zero point for each position');
}

/**
 * Rule of quantized matrix products. Inputs at `parameters` may have one value for each column of the right matrix;
 * inputs at `singles` must be single numbers.
 */
export function quantizedMatmul(
  singles: readonly number[],
  parameters: readonly number[],
  b: number,
  elem: number,
): Transfer {
  return writtenProduct(0, b, (call) => {
    for (const position of singles) single(call, position);
    for (const position of parameters) call.shared(position, 'scales and zero points');
    if (call.data(b).rows) throw coupled('multiplies by the values of rows');
    return matmul(call.data(0), call.data(b), elem);
  });
}

const LABELS = /[A-Za-z]/;

interface Labelled {
  readonly labels: readonly string[];
  readonly tensor: Tensor;
}

/** Rule of Einsum. Each letter stands for an axis; letters that are missing in the result are summed over. */
function einsum(call: Call): Value {
  const equation = call.attributes.string('equation', '').replace(/\s/g, '');
  const [left = '', right] = equation.split('->');
  const terms = left.split(',');
  const tensors = call.allData();
  if (terms.length !== tensors.length)
    throw notUnderstood('its equation has a different number of terms than it has inputs');
  const operands = terms.map((term, at) => labelled(term, tensors[at] as Tensor));
  const ellipsis = Math.max(0, ...operands.map(({ labels }) => labels.filter((label) => label.startsWith('.')).length));
  const result = right === undefined ? implicit(operands, ellipsis) : expanded(right, ellipsis);
  if (tensors.every(({ rows }) => !rows))
    return invariant(
      result.map((one) => sizeOf(one, operands)),
      tensors[0]?.elem,
    );

  const carriers = operands.filter(({ tensor }) => tensor.rows);
  const names = new Set(carriers.map(({ labels, tensor }) => labels[tensor.rows?.axis as number]));
  const [label] = names;
  if (names.size !== 1 || label === undefined) throw coupled('combines rows that are on different axes');
  if (operands.some(({ labels }) => labels.filter((one) => one === label).length > 1))
    throw coupled('takes the diagonal of the rows');
  if (!result.includes(label)) throw coupled('sums over the axis that counts rows');
  // Combines the operands along the axis that they share, as broadcasting does.
  const along = broadcast(operands.flatMap(({ labels, tensor }) => alongLabel(tensor, labels.indexOf(label))));
  const rows = along.rows && { ...along.rows, axis: result.indexOf(label) };
  const dims = result.map((one) => (one === label && rows ? rowAxisSize(rows) : sizeOf(one, operands)));
  return { kind: 'tensor', dims, elem: tensors[0]?.elem ?? 0, ...(rows && { rows }) };
}

function alongLabel({ dims = [], rows }: Tensor, axis: number): Tensor[] {
  if (axis === -1) return [];
  return [
    { kind: 'tensor', dims: [dims[axis] as Size], elem: 0, ...(rows?.axis === axis && { rows: { ...rows, axis: 0 } }) },
  ];
}

function sizeOf(label: string, operands: readonly Labelled[]): Size {
  const sizes = operands.flatMap(({ labels, tensor }) =>
    labels.flatMap((one, axis) => (one === label ? [tensor.dims?.[axis] as Size] : [])),
  );
  return broadcastSize(sizes);
}

/** Labels the axes of an operand. The axes of an ellipsis are numbered from the last one, which is "..0". */
function labelled(term: string, tensor: Tensor): Labelled {
  const rank = dimsOf(tensor).length;
  const letters = term.replace('...', '').length;
  const hidden = term.includes('...') ? rank - letters : 0;
  const labels = expanded(term, hidden);
  if (labels.length !== rank || hidden < 0)
    throw notUnderstood('its equation and an input have different numbers of axes');
  return { labels, tensor };
}

function expanded(term: string, hidden: number): string[] {
  const names = Array.from({ length: Math.max(0, hidden) }, (_, at) => `..${hidden - 1 - at}`);
  const [before = '', after] = term.split('...');
  const labels = after === undefined ? [...before] : [...before, ...names, ...after];
  if (labels.some((label) => !label.startsWith('..') && !LABELS.test(label)))
    throw notUnderstood('its equation is not understood');
  return labels;
}

/**
 * Labels of the result if the equation does not list them: the axes of the ellipsis, and the letters that appear once,
 * in alphabetical order.
 */
function implicit(operands: readonly Labelled[], ellipsis: number): string[] {
  const all = operands.flatMap(({ labels }) => labels.filter((label) => !label.startsWith('.')));
  const once = [...new Set(all)].filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort();
  return [...expanded('...', ellipsis), ...once];
}

export const linear: Operators = {
  MatMul: writtenProduct(0, 1, (call) => matmul(call.data(0), call.data(1))),
  Gemm: gemm,
  Einsum: einsum,
  MatMulInteger: quantizedMatmul([2], [3], 1, INT32),
  QLinearMatMul: quantizedMatmul([1, 2, 6, 7], [4, 5], 3, 0),
};
