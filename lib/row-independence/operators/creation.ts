import { constantTensor, sparseConstant } from '../values/constants';
import { coupled } from '../values/obstacle';
import { N, ONE, Size } from '../values/size';
import {
  constantDims,
  FLOAT,
  INT32,
  INT64,
  invariant,
  MAX_VALUES,
  rearranged,
  valuesOf,
  vector,
  type Tensor,
  type Value,
} from '../values/tensor';
import type { Call, Operators } from './call';
import { atLeastZero, expandTo } from './repeating';

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

function eyeLike(call: Call): Value {
  const t = call.tensor(0);
  if (t.rows) throw coupled('gives each row values by its position in the batch');
  return invariant(t.dims, call.attributes.int('dtype', t.elem));
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

function isCount(elem: number): boolean {
  return elem === INT64 || elem === INT32;
}

export const creation: Operators = {
  Constant: (call) => ({ ...constant(call), literal: true }),
  Shape: shape,
  Size: size,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  Range: range,
};
