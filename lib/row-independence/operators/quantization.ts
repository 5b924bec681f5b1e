import { commonRows } from '../values/align';
import { coupled, notUnderstood } from '../values/obstacle';
import { Size } from '../values/size';
import { withRows, type Rows, type Tensor, type Value } from '../values/tensor';
import { axisOf, dimsOf, withoutValues, type Call, type Operators } from './call';

/**
 * Scales a tensor with one factor for all elements, or with one for each index or block of an axis. The factors must
 * not depend on the position of a row; factors of blocks may be per row.
 */
export function scaledBy(call: Call, positions: readonly number[]): Value {
  let t = withoutValues(call.data(0));
  for (const position of positions) {
    const parameter = call.optionalData(position);
    if (!parameter || (!t.rows && !parameter.rows)) continue;
    const dims = dimsOf(parameter);
    if (!parameter.rows && Size.product(dims).is(1)) continue;
    const rank = dimsOf(t).length;
    if (dims.length === rank && rank > 1) t = blocks(call, t, parameter);
    else if (!t.rows || parameter.rows || dims.length !== 1) throw coupled('takes its scale from the rows');
    else if (axisOf(call.attributes.int('axis', 1), rank) === t.rows.axis) throw coupled(BY_POSITION);
  }
  return t;
}

const BY_POSITION = 'has a scale for each position of the axis that counts rows';

function blocks(call: Call, t: Tensor, parameter: Tensor): Tensor {
  const axis = axisOf(call.attributes.int('axis', 1), dimsOf(t).length);
  if (!t.rows || !parameter.rows) throw coupled(parameter.rows ? 'takes its scale from the rows' : BY_POSITION);
  if (t.rows.axis === axis) throw coupled(BY_POSITION);
  const rows = commonRows([
    { dims: dimsOf(t), rows: t.rows },
    { dims: dimsOf(parameter), rows: parameter.rows },
  ]);
  return withRows(dimsOf(t), rows as Rows, t.elem);
}

/** TensorProto.DataType, and 0 for an unknown type */
const UINT8 = 2;
const FOUR_BITS: ReadonlySet<number> = new Set([0, 21, 22]);

function quantize(call: Call): Value {
  const zeroPoint = call.optionalData(2);
  const elem = zeroPoint?.elem ?? (call.attributes.int('output_dtype', 0) || UINT8);
  if (call.data(0).rows && FOUR_BITS.has(elem))
    throw coupled('turns a float beyond the range of INT32 into 4 bits that depend on its position');
  return { ...(scaledBy(call, [1, 2]) as Tensor), elem };
}

function dequantize(call: Call): Value {
  return { ...(scaledBy(call, [1, 2]) as Tensor), elem: call.data(1).elem };
}

/**
 * Rule of operators that compute their scale from the whole input. If the input has no rows, the results are not
 * tracked.
 */
export function dynamic(call: Call): never {
  if (call.allData().some(({ rows }) => rows)) throw coupled('scales over the whole batch at once');
  throw notUnderstood('its scale is unknown');
}

export const quantization: Operators = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamic,
};
