import { halfValue } from './half';
import { sameBits } from './rows';
import type { Tensor } from './tensor';

/** Whether an output contains only NaN, so that comparing it tests nothing. */
export function isAllNaN({ datatype, data }: Tensor): boolean {
  if (data.length === 0 || !datatype.startsWith('FP')) return false;
  const numbers = data as Float32Array;
  return numbers.every(datatype === 'FP16' ? (bits) => Number.isNaN(halfValue(bits)) : Number.isNaN);
}

/** Whether tensors have the same elements, bit for bit. Their shapes may differ in the number of rows. */
export function areSame(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  return a.every(({ data }, i) => hasElementsOf(data, b[i]!.data));
}

/** Compares the elements that both arrays have. */
function hasElementsOf(a: Tensor['data'], b: Tensor['data']): boolean {
  const length = Math.min(a.length, b.length);
  if (length === 0) return a.length === b.length;
  return sameBits(a.slice(0, length) as Tensor['data'], b.slice(0, length) as Tensor['data']);
}
