import * as fc from 'fast-check';
import { DATATYPES } from '../../../inference-image/src/contract/constants';
import { type Datatype } from '../../../inference-image/src/contract/signature';
import { TYPED_ARRAY, type NumericDatatype, type TensorData } from '../../../inference-image/src/tensor/tensor';

export const JSON_DATATYPES = DATATYPES.filter((datatype) => datatype !== 'FP16');

/** Shapes with up to four dimensions, some of which have size 0. */
export const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

/** Strings that onnxruntime-node returns unchanged. */
const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'));

const INTEGER_BITS: Partial<Record<Datatype, number>> = {
  UINT8: 8,
  UINT16: 16,
  UINT32: 32,
  INT8: 8,
  INT16: 16,
  INT32: 32,
};

function element(datatype: Datatype): fc.Arbitrary<number | bigint> {
  if (datatype === 'BOOL') return fc.constantFrom(0, 1);
  if (datatype === 'FP16') return fc.integer({ min: 0, max: 0xffff });
  if (datatype === 'FP32') return fc.float();
  if (datatype === 'FP64') return fc.double();
  if (datatype === 'UINT64') return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (datatype === 'INT64') return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const bits = INTEGER_BITS[datatype] as number;
  const min = datatype.startsWith('U') ? 0 : -(2 ** (bits - 1));
  return fc.integer({ min, max: min + 2 ** bits - 1 });
}

/** Generates `count` elements with any values of the datatype. */
export function dataOf(datatype: Datatype, count: number): fc.Arbitrary<TensorData> {
  const length = { minLength: count, maxLength: count };
  if (datatype === 'BYTES') return fc.array(text, length);
  const typedArray = TYPED_ARRAY[datatype as NumericDatatype] as unknown as { from(values: unknown[]): TensorData };
  return fc.array(element(datatype), length).map((values) => typedArray.from(values));
}

/** Nests flat values according to the shape. */
export function nest(values: unknown[], shape: readonly number[]): unknown[] {
  if (shape.length <= 1) return values;
  const [rows = 0, ...rest] = shape;
  const size = rest.reduce((count, dimension) => count * dimension, 1);
  return Array.from({ length: rows }, (_, row) => nest(values.slice(row * size, (row + 1) * size), rest));
}
