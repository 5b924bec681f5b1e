import { batchDimension } from '../../inference-image/src/contract/batch-dimension';
import type { Dimension, Signature, TensorSignature } from '../../inference-image/src/contract/signature';

type Random = () => number;

/**
 * Requests that a model takes, for want of real ones: the first of one row, each of the others of one more where rows can
 * be merged; all other open dimensions are 1. The same seed gives the same.
 */
export function randomRequests(signature: Signature, count: number, seed: number): object[] {
  const random = generator(seed);
  const dimension = batchDimension(signature);
  const rowsOf = (index: number) => ('symbol' in dimension ? index + 1 : 1);
  return Array.from({ length: count }, (_, index) => ({
    inputs: signature.inputs.map((input) => randomTensor(input, rowsOf(index), random)),
  }));
}

function randomTensor({ name, datatype, dimensions }: TensorSignature, rows: number, random: Random): object {
  const sizeOf = (size: Dimension, axis: number) => (typeof size === 'number' ? size : axis === 0 ? rows : 1);
  const shape = dimensions.map(sizeOf);
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, datatype, shape, data: Array.from({ length: count }, () => element(datatype, random())) };
}

/** Whole numbers are 0 and 1, which are indices of any table. @param value from 0 to 1 */
function element(datatype: TensorSignature['datatype'], value: number): number | boolean | string {
  if (/^(FP|BF)/.test(datatype)) return Math.round(20_000 * value - 10_000) / 10_000;
  if (datatype === 'BOOL') return value < 0.5;
  if (datatype === 'BYTES') return value < 0.5 ? 'a' : 'b';
  return value < 0.5 ? 0 : 1;
}

/** mulberry32, which has no state but a number. */
function generator(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
