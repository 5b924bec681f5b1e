import { elementCount } from '../contract/signature';
import { TYPED_ARRAY, type NumericData, type TensorHeader } from '../inference/tensor';
import { readNumbers } from './number-reader';

/**
 * The elements of a tensor from the bytes of its JSON array of numbers.
 * @returns undefined where decodeJsonData has to look at them, be it only to say what is wrong.
 */
export function decodeJsonNumbers({ datatype, shape }: TensorHeader, bytes: Buffer): NumericData | undefined {
  if (datatype === 'BYTES' || datatype === 'FP16') return undefined;
  const values = readNumbers(bytes, shape, elementCount(shape));
  if (!values) return undefined;
  if (datatype === 'FP64') return finite(values);
  if (datatype === 'FP32') return finite(new Float32Array(values));
  if (datatype === 'INT64' || datatype === 'UINT64')
    return longIntegers(values, new TYPED_ARRAY[datatype](values.length));
  const integers = new TYPED_ARRAY[datatype](values);
  // What was rounded, or wrapped around, is no longer equal.
  for (let i = 0; i < values.length; i++) if (integers[i] !== values[i]) return undefined;
  return datatype === 'BOOL' && integers.some((value) => value > 1) ? undefined : integers;
}

function finite<T extends Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(values: T): T | undefined {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return undefined;
  return values;
}

/** By halves: to make a bigint of each would take ten times as long. */
function longIntegers<T extends BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>>(
  values: Float64Array,
  integers: T,
): T | undefined {
  const halves = new Int32Array(integers.buffer);
  const minimum = integers instanceof BigInt64Array ? Number.MIN_SAFE_INTEGER : 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isSafeInteger(value) || value < minimum) return undefined;
    halves[2 * i] = value;
    halves[2 * i + 1] = Math.floor(value / 2 ** 32);
  }
  return integers;
}
