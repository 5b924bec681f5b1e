import { axisOf, dimsOf, type Call, type Operators } from '../call';
import { coupled, notUnderstood } from '../obstacle';
import { Size } from '../size';
import type { Tensor, Value } from '../tensor';
import { withoutValues } from './layout';

/**
 * One scale for all, one for each index of an axis, or one for each block of an axis. It is the same for all rows, so
 * it must not be picked by the position of a row.
 */
export function scaledBy(call: Call, positions: readonly number[]): Value {
  const t = call.data(0);
  for (const position of positions) {
    const parameter = call.shared(position, 'its scale');
    if (!parameter || !t.rows) continue;
    const dims = dimsOf(parameter);
    if (Size.product(dims).is(1)) continue;
    const rank = dimsOf(t).length;
    const at = dims.length === 1 ? axisOf(call.attributes.int('axis', 1), rank) : undefined;
    const meetsRows = at === undefined ? !dims[t.rows.axis - rank + dims.length]?.is(1) : at === t.rows.axis;
    if (meetsRows) throw coupled('has a scale for each position of the axis that counts rows');
  }
  return withoutValues(t);
}

function quantize(call: Call): Value {
  const zeroPoint = call.optionalData(2);
  const elem = zeroPoint?.elem ?? call.attributes.int('output_dtype', 2);
  return { ...(scaledBy(call, [1, 2]) as Tensor), elem: elem || 2 };
}

function dequantize(call: Call): Value {
  return { ...(scaledBy(call, [1, 2]) as Tensor), elem: call.data(1).elem };
}

/** Computes its scale from all that goes in; without rows its results are not followed. */
export function dynamic(call: Call): never {
  if (call.allData().some(({ rows }) => rows)) throw coupled('scales over the whole batch at once');
  throw notUnderstood('its scale is not known');
}

export const quantization: Operators = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamic,
};
