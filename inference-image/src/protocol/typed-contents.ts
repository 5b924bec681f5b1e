import { isUtf8 } from 'node:buffer';
import { type Datatype, elementCount } from '../contract/signature';
import { shapeText } from '../cut-text';
import { invalid } from '../errors';
import { emptyData, TYPED_ARRAY, type TensorData, type TensorHeader } from '../inference/tensor';
import { describe } from './fields';
import { ELEMENT_TYPES, isRoundTripText } from './json-elements';

/** A 64-bit integer as protobufjs reads it. */
export interface Long {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
  toNumber(): number;
}

/** https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_grpc.md#inference-1 */
export interface TypedContents {
  readonly bool_contents: readonly boolean[];
  readonly int_contents: readonly number[];
  readonly int64_contents: readonly Long[];
  readonly uint_contents: readonly number[];
  readonly uint64_contents: readonly Long[];
  readonly fp32_contents: readonly number[];
  readonly fp64_contents: readonly number[];
  readonly bytes_contents: readonly Buffer[];
}

/** The field that holds the elements of each datatype; FP16 has none. */
const FIELD: Record<Exclude<Datatype, 'FP16'>, keyof TypedContents> = {
  BOOL: 'bool_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
};

const FIELDS = [...new Set(Object.values(FIELD))];

export function isEmptyContents(contents: TypedContents | null | undefined): boolean {
  return !contents || FIELDS.every((field) => contents[field].length === 0);
}

/** The elements of a tensor from its `contents`, the one form that has a field for each kind of element. */
export function decodeTypedContents({ datatype, shape }: TensorHeader, contents: TypedContents): TensorData {
  if (datatype === 'FP16') throw invalid('FP16 has no typed contents; send it in raw_input_contents');
  const field = FIELD[datatype];
  const other = FIELDS.find((each) => each !== field && contents[each].length > 0);
  if (other) throw invalid(`it has ${other}; ${datatype} takes ${field}`);
  const values = contents[field];
  const count = elementCount(shape);
  if (values.length !== count) {
    throw invalid(`${field} has ${values.length} elements; shape ${shapeText(shape)} takes ${count}`);
  }
  // Nothing to check: on the wire they are what they are in memory, NaN and infinities too.
  if (datatype === 'FP32' || datatype === 'FP64') return TYPED_ARRAY[datatype].from(values as number[]);
  return convert(datatype, values);
}

function convert(
  datatype: Exclude<Datatype, 'FP16'>,
  values: readonly (boolean | number | Long | Buffer)[],
): TensorData {
  const decoded = emptyData(datatype, values.length);
  const elements: Record<number, number | bigint | string> = decoded;
  const { convert, allowed } = ELEMENT_TYPES[datatype];
  for (let i = 0; i < values.length; i++) {
    const value = plain(values[i] as (typeof values)[0]);
    if (value === undefined) throw invalid(`element ${i} is not UTF-8 text without U+0000, as ${datatype} takes`);
    const element = convert(value);
    if (element === undefined) throw invalid(`element ${i} is ${describe(value)}; ${datatype} takes ${allowed}`);
    elements[i] = element;
  }
  return decoded;
}

/** As it would be in JSON; undefined for bytes that are no text. */
function plain(value: boolean | number | Long | Buffer): boolean | number | bigint | string | undefined {
  if (typeof value !== 'object') return value;
  if (!Buffer.isBuffer(value)) return bigintOf(value);
  const text = isUtf8(value) ? value.toString('utf8') : '\0';
  return isRoundTripText(text) ? text : undefined;
}

export function bigintOf({ low, high, unsigned }: Long): bigint {
  const bits = (BigInt(high) << 32n) | BigInt(low >>> 0);
  return unsigned ? BigInt.asUintN(64, bits) : bits;
}
