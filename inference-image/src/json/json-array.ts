import type { Holding } from '../budget/memory-budget';
import { elementCount } from '../contract/signature';
import { invalid } from '../base/errors';
import { TYPED_ARRAY, type NumericData, type TensorHeader } from '../tensor/tensor';
import { notNested, wrongCount } from './array-reader';
import { OPEN_ARRAY, afterSpace, countItems } from './json-bytes';
import { FP16_HAS_NO_JSON } from './json-data';
import { LongIntegerReader } from './long-integer-reader';
import { NumberReader, type NumberDatatype } from './number-reader';
import { textBytes, type PackedTexts } from '../tensor/packed-texts';
import { TextReader, packedBytes } from './text-reader';

/** Number of bytes of the shortest element, including its comma. */
const MIN_ELEMENT_BYTES = 2;

/**
 * Reads the elements of a tensor from the bytes of its JSON array.
 * @param bytes The array, from its opening to its closing bracket.
 * @param holding Counts the memory of the elements before they are read.
 */
export function readJsonArray(header: TensorHeader, bytes: Buffer, holding?: Holding): NumericData | PackedTexts {
  const size = jsonArrayBytes(header, bytes);
  holding?.add(size);
  const { name, datatype, shape } = header;
  if (datatype === 'BYTES') return new TextReader(bytes, { name, datatype, shape }).read();
  if (datatype === 'INT64' || datatype === 'UINT64') {
    return new LongIntegerReader(bytes, { name, datatype, shape }).read();
  }
  return new NumberReader(bytes, { name, datatype: datatype as NumberDatatype, shape }).read();
}

/**
 * Memory that reading an array needs in addition to its bytes.
 * @throws ServingError if the array is too short for its shape. Without this check, a client could make the server
 * allocate memory by sending only a shape.
 */
export function jsonArrayBytes({ datatype, shape }: TensorHeader, bytes: Buffer): number {
  if (datatype === 'FP16') throw invalid(FP16_HAS_NO_JSON);
  const count = elementCount(shape);
  if (bytes.length < MIN_ELEMENT_BYTES * count + 1) {
    const nested = shape.length > 1 && bytes[afterSpace(bytes, 1)] === OPEN_ARRAY;
    throw nested ? notNested(shape) : wrongCount(shape, countItems(bytes));
  }
  if (datatype === 'BYTES') return packedBytes(bytes, count) + textBytes(count, bytes.length);
  return count * TYPED_ARRAY[datatype].BYTES_PER_ELEMENT;
}
