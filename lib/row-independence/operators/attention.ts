import { coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import { invariant, rowsOn, type Tensor, type Value } from '../values/tensor';
import { dimsOf, refuseAlong, withoutValues, type Call, type Operators } from './call';
import { unwritten, writtenWith } from './unwritten';

/**
 * Checks inputs that must be per row, each on a given axis: either all of them have rows, or none does.
 *
 * @returns whether they have rows
 */
function together(call: Call, places: readonly (readonly [position: number, axis: number])[]): boolean {
  const tensors = places.flatMap(([position, axis]) => (call.has(position) ? [{ t: call.data(position), axis }] : []));
  if (tensors.every(({ t }) => !t.rows)) return false;
  for (const { t, axis } of tensors) {
    if (!t.rows) throw coupled('combines the rows with a tensor that is not per row');
    if (t.rows.axis !== axis) throw coupled('works across the axis that counts rows');
    if (!t.rows.outer.is(1) || !t.rows.inner.is(1)) throw notUnderstood('other axes are folded into the rows');
  }
  return true;
}

/**
 * Checks an input that is either per row, or shared by all rows because it has fewer axes or a first axis of size 1.
 */
function orShared(call: Call, position: number, rank: number): void {
  const t = call.optionalData(position);
  if (!t) return;
  const dims = dimsOf(t);
  if (dims.length > rank) throw notUnderstood('one of its inputs has too many axes');
  const axis = 0;
  if (!t.rows) {
    if (dims.length === rank && !dims[0]?.is(1))
      throw coupled('combines the rows with values that are fixed for each position');
    return;
  }
  if (dims.length !== rank || t.rows.axis !== axis) throw coupled('combines rows that are on different axes');
  if (!t.rows.outer.is(1) || !t.rows.inner.is(1)) throw notUnderstood('other axes are folded into the rows');
}

function shared(call: Call, positions: readonly number[]): void {
  for (const position of positions) call.shared(position, 'its weights');
}

function refuse(call: Call, positions: readonly number[]): void {
  for (const position of positions) if (call.has(position)) throw notUnderstood('one of its inputs is not supported');
}

function rowsFirst(dims: readonly Size[], like: Tensor, axis = 0): Tensor {
  return { kind: 'tensor', dims, rows: rowsOn(axis), elem: like.elem };
}

/** Results without rows, for inputs that are all shared. */
function allShared(call: Call): Value[] {
  return call.node.output.map(() => invariant(undefined));
}

/** Rule of ONNX's Attention operator. Queries, keys and values have 3 or 4 axes, with the rows on the first one. */
function onnxAttention(call: Call): Value[] {
  const carries = together(
    call,
    [0, 1, 2, 4, 5, 6].map((position) => [position, 0] as const),
  );
  if (!carries) {
    if (call.optionalData(3)?.rows) throw coupled('masks shared values by the values of rows');
    return allShared(call);
  }
  // A mask is aligned from the right: if it has fewer axes, it has none for the rows.
  orShared(call, 3, 4);
  const [q, v] = [call.data(0), call.data(2)];
  const [rows = ONE, second = ONE, third = ONE] = dimsOf(q);
  const wide = dimsOf(q).length === 4;
  const y = wide ? [rows, second, third, dimsOf(v)[3] ?? call.fresh('width')] : [rows, second, call.fresh('width')];
  const kept = [1, 2, 3].map((at) =>
    rowsFirst([rows, call.fresh(`heads ${at}`), call.fresh(`steps ${at}`), call.fresh(`width ${at}`)], q),
  );
  return [rowsFirst(y, q), ...kept];
}

/** The mask has the shape [rows], [rows, steps], or more axes. */
function multiHeadAttention(call: Call): Value[] {
  refuse(call, [8, 9]);
  shared(call, [3]);
  const carries = together(
    call,
    [0, 1, 2, 4, 6, 7].map((position) => [position, 0] as const),
  );
  if (!carries) {
    if (call.optionalData(5)?.rows) throw coupled('masks shared values by the values of rows');
    return allShared(call);
  }
  orShared(call, 5, 4);
  const q = call.data(0);
  const [rows = ONE, steps = ONE] = dimsOf(q);
  if (dimsOf(q).length !== 3 && dimsOf(q).length !== 5) throw notUnderstood('its query has neither 3 nor 5 axes');
  const v = call.has(2) ? dimsOf(call.data(2)) : [];
  const width = v.length === 3 ? (v[2] as Size) : call.fresh('width');
  const kept = [1, 2, 3].map((at) =>
    rowsFirst([rows, call.fresh(`heads ${at}`), call.fresh(`steps ${at}`), call.fresh(`width ${at}`)], q),
  );
  return [rowsFirst([rows, steps, width], q), ...kept];
}

/** @param positions - input positions that differ between the plain and the quantized operator */
function packedAttention(positions: {
  weights: readonly number[];
  mask: number;
  past: number;
  bias?: number;
  refused: readonly number[];
}) {
  return (call: Call): Value[] => {
    refuse(call, positions.refused);
    shared(call, positions.weights);
    const carries = together(call, [
      [0, 0],
      [positions.mask, 0],
      [positions.past, 1],
    ]);
    if (!carries) {
      if (positions.bias !== undefined && call.optionalData(positions.bias)?.rows)
        throw coupled('masks shared values by the values of rows');
      return allShared(call);
    }
    if (call.attributes.flag('past_present_share_buffer', false)) throw notUnderstood('its state shares a buffer');
    if (positions.bias !== undefined) orShared(call, positions.bias, 4);
    const x = call.data(0);
    const [rows = ONE, steps = ONE] = dimsOf(x);
    const width = call.data(1).dims?.[1]?.dividedBy(Size.of(3));
    const known = call.attributes.has('qkv_hidden_sizes') ? undefined : width;
    const state = [Size.of(2), rows, call.fresh('heads'), call.fresh('steps'), call.fresh('head')];
    return [rowsFirst([rows, steps, known ?? call.fresh('width')], x), rowsFirst(state, x, 1)];
  };
}

function groupQueryAttention(call: Call): Value[] {
  refuse(call, [12, 13, 14, 15, 16]);
  shared(call, [6, 7, 8, 11]);
  const carries = together(
    call,
    [0, 1, 2, 3, 4, 5, 9].map((position) => [position, 0] as const),
  );
  const obstacle = unwritten('may leave a part of the products unwritten');
  if (!carries && call.wants(3)) throw obstacle;
  if (!carries) return allShared(call);
  orShared(call, 10, 4);
  const q = call.data(0);
  const [rows = ONE, steps = ONE, width = ONE] = dimsOf(q);
  const kept = [1, 2].map((at) =>
    rowsFirst([rows, call.fresh(`heads ${at}`), call.fresh(`steps ${at}`), call.fresh(`width ${at}`)], q),
  );
  // Products beyond the length of a row are not written.
  const products: Value = { kind: 'unusable', obstacle };
  // Queries, keys and values may be packed into one tensor, which is wider than the result.
  return [rowsFirst([rows, steps, call.has(1) ? width : call.fresh('width')], q), ...kept, products];
}

/**
 * Rotates each vector by an angle that depends on its position. The positions are either a single offset or a tensor of
 * shape [rows, steps].
 */
function rotaryEmbedding(positions: { ids: number; caches: readonly number[] }) {
  return (call: Call): Value => {
    const x = call.data(0);
    if (call.attributes.flag('is_packed_batching', false)) throw notUnderstood('rows are packed into each other');
    const rank = dimsOf(x).length;
    const ids = call.optionalData(positions.ids);
    const caches = positions.caches.map((position) => call.optionalData(position));
    const extras = [ids, ...caches].filter((t): t is Tensor => t !== undefined);
    if (!x.rows) {
      if (extras.some(({ rows }) => rows)) throw coupled('rotates shared values by the values of rows');
      return withoutValues(x);
    }
    if (rank < 3 || x.rows.axis !== 0 || !x.rows.outer.is(1) || !x.rows.inner.is(1))
      throw coupled('works across the axis that counts rows');
    for (const t of extras) {
      if (t.rows && (t.rows.axis !== 0 || !t.rows.outer.is(1) || !t.rows.inner.is(1)))
        throw coupled('combines rows that are on different axes');
    }
    if (ids?.rows && dimsOf(ids).length !== 2) throw coupled('treats a list of positions as one offset for all rows');
    const one = ids && Size.product(dimsOf(ids)).is(1);
    if (ids && !ids.rows && !one) throw coupled('takes the position of each row from its place in the batch');
    // A table of angles has two axes. Angles that are computed for each row have three, and the rows are on the first
    // axis.
    if (caches.some((cache) => cache && (cache.rows ? dimsOf(cache).length !== 3 : dimsOf(cache).length !== 2))) {
      throw coupled('combines the rows with a tensor that is not per row');
    }
    return withoutValues(x);
  };
}

/** Throws if the rows are on the last axis, along which the operator works. */
export function refuseLastAxis(t: Tensor, what: string): void {
  refuseAlong(t, dimsOf(t).length - 1, what);
}

export const attention: { onnx: Operators; microsoft: Operators } = {
  onnx: {
    Attention: onnxAttention,
    RotaryEmbedding: rotaryEmbedding({ ids: 3, caches: [1, 2] }),
  },
  microsoft: {
    Attention: packedAttention({ weights: [1, 2], mask: 3, past: 4, bias: 5, refused: [6] }),
    QAttention: writtenWith(1, packedAttention({ weights: [1, 2, 3, 4, 6, 7], mask: 5, past: 8, refused: [] })),
    MultiHeadAttention: multiHeadAttention,
    GroupQueryAttention: groupQueryAttention,
    RotaryEmbedding: rotaryEmbedding({ ids: 1, caches: [2, 3] }),
  },
};
