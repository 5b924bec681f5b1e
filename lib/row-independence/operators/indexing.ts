import { commonRows } from '../values/align';
import { coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import {
  areColumns,
  constantDims,
  flatIndex,
  INT64,
  invariant,
  rearranged,
  type Rows,
  type Tensor,
  type Value,
} from '../values/tensor';
import { asData, axisOf, dimsOf, refuseAlong, withoutValues, type Call, type Operators } from './call';

function gather(call: Call): Value {
  const data = call.tensor(0);
  const flat = call.tensor(1);
  if (flat.rowNumbers) return gatherOwn(call.data(0), flat, call.attributes.int('axis', 0));
  const indices = call.data(1);
  const dims = dimsOf(data);
  const picked = dimsOf(indices);
  const axis = axisOf(call.attributes.int('axis', 0), dims.length);
  const sizes = [...dims.slice(0, axis), ...picked, ...dims.slice(axis + 1)];
  const known = gatherValues(data, indices, axis, sizes);
  if (known) return known;
  if (asData(data).rows && indices.rows) throw coupled('picks from rows by the values of other rows');
  refuseAlong(data, axis, 'picks some of the rows by their position');
  const rows = data.rows
    ? { ...data.rows, axis: data.rows.axis < axis ? data.rows.axis : data.rows.axis + picked.length - 1 }
    : indices.rows && { ...indices.rows, axis: indices.rows.axis + axis };
  return { kind: 'tensor', dims: sizes, elem: data.elem, ...(rows && { rows }) };
}

/** Rule of Gather with indices that count through all rows. Each index must select an element of its own row. */
function gatherOwn(data: Tensor, indices: Tensor, along: number): Tensor {
  const [dims, picked] = [dimsOf(data), dimsOf(indices)];
  const axis = axisOf(along, dims.length);
  const { rowNumbers, rows } = indices;
  const own = rowNumbers && !areColumns(rowNumbers) && data.rows?.axis === axis && data.rows.outer.is(1);
  if (
    !own ||
    !rows ||
    !rowNumbers.stride.equals(data.rows.inner) ||
    rowNumbers.stride.minus(rowNumbers.below).min < 0
  ) {
    asData(indices);
  }
  const sizes = [...dims.slice(0, axis), ...picked, ...dims.slice(axis + 1)];
  return {
    kind: 'tensor',
    dims: sizes,
    elem: data.elem,
    ...(rows && { rows: { ...withoutUniform(rows), axis: rows.axis + axis } }),
  };
}

function arePlain(numbers: { stride: Size; below: Size }): boolean {
  return numbers.stride.is(1) && numbers.below.is(1);
}

function gatherValues(data: Tensor, indices: Tensor, axis: number, sizes: readonly Size[]): Tensor | undefined {
  const [old, target, picked] = [constantDims(data), constantDims(invariant(sizes)), constantDims(indices)];
  const at = indices.values?.map(({ constant }) => constant);
  if (!old || !target || !picked || !data.values || !at?.every((value): value is number => value !== undefined))
    return undefined;
  const length = old[axis] as number;
  if (at.some((value) => value < -length || value >= length)) return undefined;
  return rearranged(data, target, (index) => {
    const inner = flatIndex(picked, (k) => index[axis + k] as number);
    const source = at[inner] as number;
    const own = [...index.slice(0, axis), source < 0 ? source + length : source, ...index.slice(axis + picked.length)];
    return flatIndex(old, (k) => own[k] as number);
  });
}

/** Rule of GatherElements, which picks one element for each index. Both tensors have the same number of axes. */
function gatherElements(call: Call): Value {
  const [data, indices] = [call.data(0), call.data(1)];
  const dims = dimsOf(indices);
  const axis = axisOf(call.attributes.int('axis', 0), dimsOf(data).length);
  refuseAlong(data, axis, 'picks rows by their position');
  if (indices.rows?.axis === axis && data.rows) throw coupled('picks rows by their position');
  // The operator does not broadcast. On other axes, indices may have fewer elements than the data, but all rows must be
  // present.
  if (data.rows && !indices.rows) throw coupled('picks some of the rows by their position');
  if (!data.rows && indices.rows && indices.rows.axis !== axis) {
    throw coupled('picks values for each row by its position in the batch');
  }
  const rows = commonRowsOf([data, indices]);
  return { kind: 'tensor', dims, elem: data.elem, ...(rows && { rows }) };
}

function commonRowsOf(tensors: readonly Tensor[]): Rows | undefined {
  const carriers = tensors.filter(({ rows }) => rows);
  return commonRows(carriers.map((t) => ({ dims: dimsOf(t), rows: t.rows })));
}

function scatterElements(call: Call): Value {
  const [data, indices, updates] = [call.data(0), call.data(1), call.data(2)];
  const axis = axisOf(call.attributes.int('axis', 0), dimsOf(data).length);
  const rows = commonRowsOf([data, indices, updates]);
  if (!rows) return invariant(data.dims, data.elem);
  if (!data.rows || !indices.rows || !updates.rows) throw coupled('writes values that are not per row into the rows');
  refuseAlong(data, axis, 'writes to rows by their position');
  return { kind: 'tensor', dims: dimsOf(data), rows, elem: data.elem };
}

/** Whether each tuple of indices selects its own row; throws if tuples use row numbers in a different way. */
function picksOwnRow(data: Tensor, indices: Tensor, batchDims: number): boolean {
  const { rowNumbers } = indices;
  if (!rowNumbers) return false;
  const width = indices.dims?.at(-1)?.constant;
  const columns = areColumns(rowNumbers) ? rowNumbers : width === 1 && arePlain(rowNumbers) ? [0] : [];
  const [column] = columns;
  const fits = batchDims === 0 && columns.length === 1 && column !== undefined && data.rows?.axis === column;
  const plain = data.rows && data.rows.outer.is(1) && data.rows.inner.is(1);
  const own = indices.rows && indices.rows.outer.is(1) && indices.rows.axis < dimsOf(indices).length - 1;
  if (!fits || !plain || !own) throw coupled('computes with the position of each row in the batch');
  return true;
}

function gatherND(call: Call): Value {
  const data = call.data(0);
  const indices = call.tensor(1);
  if (!indices.rowNumbers) asData(indices);
  const batchDims = call.attributes.int('batch_dims', 0);
  const [dims, picked] = [dimsOf(data), dimsOf(indices)];
  const width = picked.at(-1)?.constant;
  if (width === undefined || batchDims < 0 || batchDims >= picked.length)
    throw notUnderstood('the number of axes that it picks along is unknown');
  const last = picked.length - 1;
  const sizes = [...picked.slice(0, last), ...dims.slice(batchDims + width)];
  const result = (rows: Rows | undefined): Tensor => ({
    kind: 'tensor',
    dims: sizes,
    elem: data.elem,
    ...(rows && { rows }),
  });
  if (indices.rows?.axis === last) throw coupled('picks by the values of several rows together');

  if (picksOwnRow(data, indices, batchDims)) return result(indices.rows && withoutUniform(indices.rows));
  if (data.rows && data.rows.axis < batchDims) {
    if (!indices.rows) throw coupled('picks from the rows by indices that are not per row');
    return result(commonRowsOf([data, indices]));
  }
  if (indices.rows && indices.rows.axis < batchDims)
    throw coupled('picks values for each row by its position in the batch');
  if (data.rows) {
    if (indices.rows) throw coupled('picks from rows by the values of other rows');
    if (data.rows.axis < batchDims + width) throw coupled('picks some of the rows by their position');
    return result({ ...data.rows, axis: data.rows.axis - batchDims - width + last });
  }
  return result(indices.rows);
}

function withoutUniform({ axis, outer, inner }: Rows): Rows {
  return { axis, outer, inner };
}

function scatterND(call: Call): Value {
  const data = call.data(0);
  const indices = call.tensor(1);
  const updates = call.data(2);
  if (!indices.rowNumbers) asData(indices);
  const [dims, picked] = [dimsOf(data), dimsOf(indices)];
  const width = picked.at(-1)?.constant;
  if (width === undefined) throw notUnderstood('the number of axes that it writes along is unknown');
  if (!data.rows && !indices.rows && !updates.rows) return invariant(dims, data.elem);
  if (!data.rows) throw coupled('writes the values of rows into a shared tensor');
  const result: Tensor = { kind: 'tensor', dims, elem: data.elem, rows: withoutUniform(data.rows) };
  if (indices.rows && picksOwnRow(data, indices, 0)) {
    const { axis } = indices.rows;
    const own =
      updates.rows?.axis === axis && updates.rows.outer.is(1) && updates.rows.inner.equals(indices.rows.inner);
    if (updates.rows && !own) throw coupled('writes rows into other rows');
    if (!updates.rows) throw coupled('writes values that are not per row into the rows');
    return result;
  }
  if (indices.rows) throw coupled('writes to rows by the values of rows');
  if (data.rows.axis < width) throw coupled('writes to some of the rows by their position');
  const along = data.rows.axis - width + picked.length - 1;
  if (updates.rows?.axis !== along) throw coupled('writes values that are not per row into the rows');
  const rows = commonRows([
    { dims: [], rows: { ...data.rows, axis: along } },
    { dims: dimsOf(updates), rows: updates.rows },
  ]) as Rows;
  return { ...result, rows: { ...withoutUniform(rows), axis: data.rows.axis } };
}

function oneHot(call: Call): Value {
  const indices = call.data(0);
  const dims = dimsOf(indices);
  const [depth = ONE] = depthOf(call);
  call.shared(2, 'the values for on and off');
  const axis = axisOf(call.attributes.int('axis', -1), dims.length + 1);
  const sizes = [...dims.slice(0, axis), depth, ...dims.slice(axis)];
  const { rows } = indices;
  const moved = rows && { ...rows, axis: rows.axis < axis ? rows.axis : rows.axis + 1 };
  return { kind: 'tensor', dims: sizes, elem: call.data(2).elem, ...(moved && { rows: moved }) };
}

/** Size of the axis that OneHot adds. The depth may have any numeric type. */
function depthOf(call: Call): Size[] {
  const tensor = call.shared(1, 'how many there are');
  const value = tensor?.values?.[0];
  return [value?.integer && value.min >= 0 ? value : call.fresh('depth')];
}

function topK(call: Call): Value[] {
  const t = call.data(0);
  const dims = dimsOf(t);
  const axis = axisOf(call.attributes.int('axis', -1), dims.length);
  refuseAlong(t, axis, 'sorts the rows');
  const attribute = call.attributes.int('k');
  const [k = ONE] = attribute === undefined ? call.numbers(1, 'how many it picks') : [Size.of(attribute)];
  if (k.tainted) throw coupled('picks as many elements as there are rows');
  const sizes = dims.map((dim, at) => (at === axis ? (k.min >= 0 ? k : call.fresh('k')) : dim));
  const picked = { ...withoutValues(t), dims: sizes };
  return [picked, { ...picked, elem: INT64 }];
}

function compress(call: Call): Value {
  const [t, condition] = [call.data(0), call.data(1)];
  if (condition.rows) throw coupled('keeps a number of elements that depends on the rows');
  const along = call.attributes.int('axis');
  if (along === undefined) {
    if (t.rows) throw coupled('keeps some of the rows by their position');
    return invariant([call.fresh('kept')], t.elem);
  }
  const dims = dimsOf(t);
  const axis = axisOf(along, dims.length);
  refuseAlong(t, axis, 'keeps some of the rows by their position');
  return { ...withoutValues(t), dims: dims.map((dim, at) => (at === axis ? call.fresh('kept') : dim)) };
}

/** Rule of operators whose number of results depends on the values of all rows. */
function counts(what: string, results: (call: Call, t: Tensor) => Value | Value[]) {
  return (call: Call): Value | readonly Value[] => {
    const tensors = call.allData();
    if (tensors.some(({ rows }) => rows)) throw coupled(what);
    return results(call, tensors[0] ?? invariant(undefined));
  };
}

function nonZero(call: Call, t: Tensor): Value {
  return invariant([t.dims ? Size.of(t.dims.length) : call.fresh('rank'), call.fresh('found')], INT64);
}

function unique(call: Call, t: Tensor): Value[] {
  const along = call.attributes.int('axis');
  const values = along === undefined ? invariant([call.fresh('found')], t.elem) : invariant(undefined, t.elem);
  const list = (name: string) => invariant([call.fresh(name)], INT64);
  return [values, list('first'), list('inverse'), list('counts')];
}

/** Writes into a cache along the axis of the steps. Each row has its own position. */
function tensorScatter(call: Call): Value {
  const [cache, update] = [call.data(0), call.data(1)];
  const place = call.optionalData(2);
  const axis = axisOf(call.attributes.int('axis', -2), dimsOf(cache).length);
  refuseAlong(cache, axis, 'writes to rows by their position');
  if (!cache.rows && !update.rows && !place?.rows) return invariant(cache.dims, cache.elem);
  const all = [cache, update, ...(place ? [place] : [])];
  if (all.some(({ rows }) => rows?.axis !== 0)) throw coupled('writes values that are not per row into the rows');
  const rows = commonRowsOf(all);
  return { kind: 'tensor', dims: dimsOf(cache), elem: cache.elem, ...(rows && { rows }) };
}

export const indexing: Operators = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  OneHot: oneHot,
  TopK: topK,
  Compress: compress,
  NonZero: counts('finds a number of elements that depends on the rows', nonZero),
  Unique: counts('finds the distinct values of all rows together', unique),
  NonMaxSuppression: counts('selects a number of boxes that depends on the rows', (call) =>
    invariant([call.fresh('selected'), Size.of(3)], INT64),
  ),
  TensorScatter: tensorScatter,
};
