import { broadcast } from '../values/align';
import type { ExactSizes } from '../values/exact-sizes';
import { coupled, notUnderstood } from '../values/obstacle';
import { greater, lesser, ONE, type Size } from '../values/size';
import { INT64, invariant, valuesOf, type Rows, type Tensor, type Value } from '../values/tensor';
import { product, sum } from './arithmetic';
import { axisOf, dimsOf, refuseAlong, withoutValues, type Call, type Operators, type Transfer } from './call';

/** Sizes and rows after axes are reduced to size 1, or removed. */
function reducedLayout(t: Tensor, axes: readonly number[], keep: boolean): { dims: Size[]; rows?: Rows } {
  const dims = dimsOf(t);
  if (t.rows && axes.includes(t.rows.axis)) throw coupled('reduces over the rows');
  if (keep)
    return { dims: dims.map((dim, axis) => (axes.includes(axis) ? ONE : dim)), ...(t.rows && { rows: t.rows }) };
  const kept = dims.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  return {
    dims: kept.map((axis) => dims[axis] as Size),
    ...(t.rows && { rows: { ...t.rows, axis: kept.indexOf(t.rows.axis) } }),
  };
}

const FOLDS: Readonly<Record<string, (values: readonly Size[], elem: number, sizes: ExactSizes) => Size>> = {
  ReduceProd: product,
  ReduceSum: sum,
  ReduceMax: (values) => values.reduce(greater),
  ReduceMin: (values) => values.reduce(lesser),
};

function reduce(call: Call): Value {
  const t = call.tensor(0);
  const dims = dimsOf(t);
  const given = call.axes(1);
  if (!given && call.attributes.flag('noop_with_empty_axes', false)) {
    // Some kernels still apply their function to each element, which leaves rows just as independent.
    return withoutValues(t);
  }
  // The runtime accepts duplicate axes.
  const axes = given ? [...new Set(given.map((axis) => axisOf(axis, dims.length)))] : dims.map((_, axis) => axis);
  const keep = call.attributes.flag('keepdims', true);
  const fold = FOLDS[call.node.opType];
  // The runtime ignores negative axes if the tensor is empty, and then returns it with all its axes.
  const mayBeKept = given?.some((axis) => axis < 0) && !t.filled && dims.some(({ min }) => min < 1);
  if (mayBeKept && !keep) throw notUnderstood('its input may be empty, and the runtime then ignores negative axes');
  if (t.values && t.values.length > 0 && fold && axes.length === dims.length) {
    return valuesOf(keep ? dims.map(() => 1) : [], [fold(t.values, t.elem, call.surroundings.sizes)], t.elem);
  }
  const result = { kind: 'tensor', elem: call.data(0).elem, ...reducedLayout(t, axes, keep) } as const;
  if (!mayBeKept) return result;
  return { ...result, dims: result.dims.map((dim, axis) => (axes.includes(axis) ? call.fresh(axis) : dim)) };
}

function argument(call: Call): Value {
  const t = call.data(0);
  const axis = axisOf(call.attributes.int('axis', 0), dimsOf(t).length);
  const keep = call.attributes.flag('keepdims', true);
  return { kind: 'tensor', elem: INT64, ...reducedLayout(t, [axis], keep), below: dimsOf(t)[axis] as Size };
}

/**
 * Rule of Softmax and similar operators. Before opset 13, they treat the given axis and all later ones as a single
 * axis.
 */
function softmax(call: Call): Value {
  const t = call.data(0);
  const rank = dimsOf(t).length;
  if (call.opset < 13) {
    const axis = call.attributes.int('axis', 1);
    const first = axis === rank ? rank : axisOf(axis, rank);
    if (t.rows && t.rows.axis >= first) throw coupled('works across the axis that counts rows');
  } else {
    refuseAlong(t, axisOf(call.attributes.int('axis', -1), rank), 'works across the axis that counts rows');
  }
  return withoutValues(t);
}

/** Rule of operators along one axis, on which each element depends on the others. */
function along(defaultAxis: number, what: string): Transfer {
  return (call) => {
    const t = call.data(0);
    refuseAlong(t, axisOf(call.attributes.int('axis', defaultAxis), dimsOf(t).length), what);
    return withoutValues(t);
  };
}

function cumulate(call: Call): Value {
  const t = call.data(0);
  const [axis] = call.constants(1, 'the axis that it sums along') ?? [];
  if (axis === undefined) throw notUnderstood('the axis that it sums along is unknown');
  refuseAlong(t, axisOf(axis, dimsOf(t).length), 'computes running sums over the rows');
  return withoutValues(t);
}

/** Normalizes over the given axis and all later ones. */
function layerNormalization(call: Call): Value[] {
  const t = call.data(0);
  const dims = dimsOf(t);
  const first = axisOf(call.attributes.int('axis', -1), dims.length);
  if (t.rows && t.rows.axis >= first) throw coupled('normalizes over the rows');
  const { rows } = broadcast([t, ...[1, 2].flatMap((position) => (call.has(position) ? [call.data(position)] : []))]);
  if (rows && !t.rows) throw coupled('scales shared values by the values of rows');
  const statistics = dims.map((dim, axis) => (axis < first ? dim : ONE));
  const normal: Tensor = { ...withoutValues(t), ...(rows && { rows }) };
  const one = { ...withoutValues(t), dims: statistics, elem: 0 };
  return [normal, one, one];
}

function meanVarianceNormalization(call: Call): Value {
  const t = call.data(0);
  const rank = dimsOf(t).length;
  const axes = call.attributes.has('axes') ? call.axes() : [0, 2, 3];
  if (!axes || call.opset < 9) throw notUnderstood('what it normalizes over is not known');
  for (const axis of axes) refuseAlong(t, axisOf(axis, rank), 'normalizes over the rows');
  return withoutValues(t);
}

/** Reverses the steps of each sequence up to its length. */
function reverseSequence(call: Call): Value {
  const [t, lengths] = [call.data(0), call.data(1)];
  const rank = dimsOf(t).length;
  const batch = axisOf(call.attributes.int('batch_axis', 1), rank);
  const time = axisOf(call.attributes.int('time_axis', 0), rank);
  if (!t.rows && !lengths.rows) return invariant(t.dims, t.elem);
  refuseAlong(t, time, 'reverses the rows');
  if (t.rows?.axis === batch) {
    if (!lengths.rows || lengths.rows.axis !== 0)
      throw coupled('takes the length of each row from its position in the batch');
    if (
      !lengths.rows.uniform &&
      !(lengths.rows.outer.equals(t.rows.outer) && lengths.rows.inner.equals(t.rows.inner))
    ) {
      throw coupled('combines rows with different layouts');
    }
    return withoutValues(t);
  }
  if (!t.rows || lengths.rows) throw coupled('reverses by the lengths of other rows');
  return withoutValues(t);
}

const REDUCTIONS = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'];

export const reduction: Operators = {
  ...Object.fromEntries(REDUCTIONS.map((name) => [`Reduce${name}`, reduce])),
  ArgMax: argument,
  ArgMin: argument,
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
  LpNormalization: along(-1, 'normalizes over the rows'),
  CumSum: cumulate,
  CumProd: cumulate,
  LayerNormalization: layerNormalization,
  SimplifiedLayerNormalization: layerNormalization,
  RMSNormalization: layerNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  ReverseSequence: reverseSequence,
};
