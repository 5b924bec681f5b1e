import { halfValue } from '../contract/half';
import { sameBits } from './rows';
import type { Tensor } from './tensor';

/** Outputs of which no element is a number: they guard nothing. */
export function isAllNaN({ datatype, data }: Tensor): boolean {
  if (data.length === 0 || !datatype.startsWith('FP')) return false;
  const numbers = data as Float32Array;
  return numbers.every(datatype === 'FP16' ? (bits) => Number.isNaN(halfValue(bits)) : Number.isNaN);
}

/** Whether tensors have the same elements, bit for bit; their shapes may differ, as those of other numbers of rows do. */
export function areSame(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every(({ data }, i) => hasElementsOf(data, b[i]!.data));
}

/** Answers to other numbers of rows are compared as far as both have elements. */
function hasElementsOf(a: Tensor['data'], b: Tensor['data']): boolean {
  const length = Math.min(a.length, b.length);
  if (length === 0) return a.length === b.length;
  return sameBits(a.slice(0, length) as Tensor['data'], b.slice(0, length) as Tensor['data']);
}
