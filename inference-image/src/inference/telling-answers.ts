import { halfValue } from '../contract/half';
import { sameBits } from './rows';
import type { Tensor } from '../tensor/tensor';

/** Whether an output contains only NaN, so that comparing it tests nothing. */
export function isAllNaN({ datatype, data }: Tensor): boolean {
  if (data.length === 0 || !datatype.startsWith('FP')) return false;
  const numbers = data as Float32Array;
  return numbers.every(datatype === 'FP16' ? (bits) => Number.isNaN(halfValue(bits)) : Number.isNaN);
}

/** Whether two lists of tensors have the same elements, bit for bit. Their shapes may differ. */
export function areSame(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every(({ data }, i) => sameBits(data, b[i]!.data));
}

/**
 * Whether two answers to different numbers of rows begin with the same elements; compares only as many elements as the
 * shorter answer has.
 */
export function beginAlike(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every(({ data }, i) => {
    const other = b[i]!.data;
    const length = Math.min(data.length, other.length);
    if (length === 0) return data.length === other.length;
    return sameBits(data.slice(0, length) as Tensor['data'], other.slice(0, length) as Tensor['data']);
  });
}
