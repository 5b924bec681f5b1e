import { type Datatype, elementCount } from '../contract/signature';
import { shapeText } from '../base/cut-text';
import { invalid } from '../base/errors';
import { emptyData, type NumericData, type Tensor, type TensorData, type TensorHeader } from '../tensor/tensor';
import { notNested } from './array-reader';
import { arrayField, describe } from '../base/fields';
import { ELEMENT_TYPES } from './json-elements';
import { booleanText, float32Pieces, float32Text, integerPieces, integerText, longIntegerText } from './number-text';

/** Error for FP16 tensors, which have no JSON form in the protocol. */
export const FP16_HAS_NO_JSON = 'FP16 has no JSON form; send and request it as binary data';

/** Decodes a tensor's JSON `data`, which is either flat in row-major order or nested like the shape. */
export function decodeJsonData({ datatype, shape }: TensorHeader, data: unknown): TensorData {
  if (datatype === 'FP16') throw invalid(FP16_HAS_NO_JSON);
  const values = flatten(arrayField(data, 'data'), shape);
  const decoded = emptyData(datatype, values.length);
  const elements: Record<number, number | bigint | string> = decoded;
  const { convert, allowed } = ELEMENT_TYPES[datatype];
  for (let i = 0; i < values.length; i++) {
    const element = convert(values[i]);
    if (element === undefined) throw invalid(`element ${i} is ${describe(values[i])}; ${datatype} takes ${allowed}`);
    elements[i] = element;
  }
  return decoded;
}

/** Encodes a tensor's `data` as a flat array in row-major order. */
export function encodeJsonData({ datatype, data }: Tensor): string {
  if (datatype === 'FP16') throw invalid(FP16_HAS_NO_JSON);
  return ENCODERS[datatype](data);
}

/** Numbers of elements, strings and characters that are written at a time; each takes a few milliseconds. */
const [PIECE_ELEMENTS, PIECE_TEXTS, PIECE_CHARACTERS] = [65_536, 8192, 1024 * 1024];

/**
 * Encodes `data` in short pieces. Copy each piece immediately: a piece of numbers is valid only until the next array of
 * numbers is written.
 */
export function* jsonDataPieces(tensor: Tensor): Generator<Uint8Array> {
  yield Buffer.from('[');
  yield* Array.isArray(tensor.data) ? textsPieces(tensor.data) : numbersPieces(tensor);
  yield Buffer.from(']');
}

function numbersPieces(tensor: Tensor): Generator<Uint8Array> {
  switch (tensor.datatype) {
    case 'FP32':
      return float32Pieces(tensor.data as Float32Array);
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'INT8':
    case 'INT16':
    case 'INT32':
      return integerPieces(tensor.data as Int32Array);
    default:
      return otherPieces(tensor, tensor.data as NumericData);
  }
}

function* otherPieces(header: TensorHeader, data: NumericData): Generator<Uint8Array> {
  for (let from = 0; from < data.length; from += PIECE_ELEMENTS) {
    const text = encodeJsonData({ ...header, data: data.subarray(from, from + PIECE_ELEMENTS) as NumericData });
    yield Buffer.from(from > 0 ? `,${text.slice(1, -1)}` : text.slice(1, -1));
  }
}

function* textsPieces(texts: readonly string[]): Generator<Uint8Array> {
  for (let from = 0, to: number; from < texts.length; from = to) {
    if (from > 0) yield Buffer.from(',');
    to = endOfTexts(texts, from);
    yield* textPieces(texts, from, to);
  }
}

/** Finds the end of a group of strings whose total length is small, or of a single long string. */
function endOfTexts(texts: readonly string[], from: number): number {
  let characters = 0;
  let to = from;
  while (to < texts.length && to - from < PIECE_TEXTS) {
    characters += (texts[to] as string).length;
    if (characters > PIECE_CHARACTERS && to > from) break;
    to++;
  }
  return to;
}

function* textPieces(texts: readonly string[], from: number, to: number): Generator<Uint8Array> {
  const [first = ''] = to - from === 1 ? texts.slice(from, to) : [];
  if (first.length <= PIECE_CHARACTERS) {
    yield Buffer.from(JSON.stringify(texts.slice(from, to)).slice(1, -1));
    return;
  }
  yield Buffer.from('"');
  for (let start = 0, end: number; start < first.length; start = end) {
    end = start + PIECE_CHARACTERS;
    // The halves of a surrogate pair must stay together.
    if (isHighSurrogate(first.charCodeAt(end - 1))) end++;
    yield Buffer.from(JSON.stringify(first.slice(start, end)).slice(1, -1));
  }
  yield Buffer.from('"');
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

const ENCODERS: Record<Exclude<Datatype, 'FP16'>, (data: TensorData) => string> = {
  BOOL: (data) => booleanText(data as Uint8Array),
  UINT8: (data) => integerText(data as Int32Array),
  UINT16: (data) => integerText(data as Int32Array),
  UINT32: (data) => integerText(data as Int32Array),
  UINT64: (data) => longIntegerText(data as BigUint64Array),
  INT8: (data) => integerText(data as Int32Array),
  INT16: (data) => integerText(data as Int32Array),
  INT32: (data) => integerText(data as Int32Array),
  INT64: (data) => longIntegerText(data as BigInt64Array),
  FP32: (data) => float32Text(data as Float32Array),
  FP64: (data) => float64Text(data as Float64Array),
  BYTES: (data) => JSON.stringify(data),
};

function float64Text(data: Float64Array): string {
  const values = new Array<number | string>(data.length);
  let plain = true;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) values[i] = `"${value}"`;
    else if (Object.is(value, -0)) values[i] = '-0';
    else {
      values[i] = value;
      continue;
    }
    plain = false;
  }
  // For plain numbers, both expressions give the same text, and JSON.stringify is 25% faster. For -0, JSON.stringify
  // would drop the sign.
  return plain ? JSON.stringify(values) : `[${values.join(',')}]`;
}

/** Flattens values, and checks their number and their nesting. Values may be flat, or nested exactly like the shape. */
function flatten(data: readonly unknown[], shape: readonly number[]): readonly unknown[] {
  const nested = shape.length > 1 && Array.isArray(data[0]);
  const values = nested ? collect(data, shape, 0, []) : data;
  const count = elementCount(shape);
  if (values.length !== count) {
    throw invalid(`data has ${values.length} elements; shape ${shapeText(shape)} needs ${count}`);
  }
  return values;
}

/** Adds the values of `part`, nested from `axis` on. (Array.flat takes ten times as long.) */
function collect(part: unknown, shape: readonly number[], axis: number, values: unknown[]): unknown[] {
  if (!Array.isArray(part) || part.length !== shape[axis]) throw notNested(shape);
  const innermost = axis === shape.length - 1;
  for (const item of part) {
    if (innermost) values.push(item);
    else collect(item, shape, axis + 1, values);
  }
  return values;
}
