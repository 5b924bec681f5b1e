import type { Holding } from '../budget/memory-budget';
import { type Datatype, elementCount } from '../contract/signature';
import { shapeText } from '../base/cut-text';
import { invalid } from '../base/errors';
import { TYPED_ARRAY, type NumericData, type TensorData, type TensorHeader } from '../tensor/tensor';
import { ELEMENT_TYPES } from '../json/json-elements';
import { longText, shortText, SLICE_BYTES as TEXT_SLICE_BYTES, textBytes } from '../tensor/packed-texts';
import type { Sliced } from '../base/sliced-work';
import { tagOf, WIRE, WireError, WireReader } from './wire-format';

/** https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_grpc.md#inference-1 */
const NAMES = [
  'bool_contents',
  'int_contents',
  'int64_contents',
  'uint_contents',
  'uint64_contents',
  'fp32_contents',
  'fp64_contents',
  'bytes_contents',
] as const;

/** The field that holds the elements of each datatype; FP16 has none. */
const FIELD: Record<Exclude<Datatype, 'FP16'>, number> = {
  BOOL: 1,
  UINT8: 4,
  UINT16: 4,
  UINT32: 4,
  UINT64: 5,
  INT8: 2,
  INT16: 2,
  INT32: 2,
  INT64: 3,
  FP32: 6,
  FP64: 7,
  BYTES: 8,
};

/** Wire type of a single element, by field number; there is no field 0. */
const WIRE_TYPES = [-1, ...new Array<number>(5).fill(WIRE.varint), WIRE.fixed32, WIRE.fixed64, WIRE.bytes];
const SIZE: Readonly<Record<number, number>> = { [WIRE.fixed32]: 4, [WIRE.fixed64]: 8 };

/** Number of elements or fields that take 2 to 4 ms to read. */
const SLICE_NUMBERS = 200_000;
/** Bytes of packed numbers that take 1 to 2 ms to count. */
const SLICE_BYTES = 1024 * 1024;
/** Number of strings that take 2 to 4 ms to read. */
const SLICE_TEXTS = 10_000;

/** Number of elements of each field of `contents`, by field number. */
interface Counts {
  readonly elements: number[];
  /** Bytes of all strings. */
  textBytes: number;
}

/**
 * Decodes the elements of a tensor from its `contents`, the form that has a field for each kind of element.
 * @param contents Bytes of the message; it may have as many fields as elements.
 * @param holding Counts the memory of the elements before they are allocated.
 */
export function* decodeTypedContents(
  { datatype, shape }: TensorHeader,
  { bytes, from, to }: Pick<WireReader, 'bytes' | 'from' | 'to'>,
  holding: Holding,
): Sliced<TensorData> {
  if (datatype === 'FP16') throw invalid('FP16 has no typed contents; send it in raw_input_contents');
  const field = FIELD[datatype];
  const name = NAMES[field - 1];
  const counts = yield* count(new WireReader(bytes, from, to, Infinity));
  const other = counts.elements.findIndex((elements, number) => elements > 0 && number !== field);
  if (other > 0) throw invalid(`it has ${NAMES[other - 1]}; ${datatype} takes ${name}`);
  const given = counts.elements[field] as number;
  if (given !== elementCount(shape)) {
    throw invalid(`${name} has ${given} elements; shape ${shapeText(shape)} needs ${elementCount(shape)}`);
  }
  const wire = new WireReader(bytes, from, to, Infinity);
  if (datatype === 'BYTES') {
    holding.add(textBytes(given, counts.textBytes));
    return yield* readTexts(wire, new Array<string>(given));
  }
  holding.add(given * TYPED_ARRAY[datatype].BYTES_PER_ELEMENT);
  const data = new TYPED_ARRAY[datatype](given);
  // No check is needed, because the wire format is the same as the memory format, including NaN and infinities.
  if (datatype === 'FP32' || datatype === 'FP64') yield* copyFixed(wire, field, data);
  else yield* readVarints(wire, field, writer(datatype, data));
  return data;
}

/** Counts the elements, so that nothing is built before their number matches the shape. */
function* count(wire: WireReader): Sliced<Counts> {
  const counts: Counts = { elements: new Array<number>(NAMES.length + 1).fill(0), textBytes: 0 };
  const { elements } = counts;
  for (let fields = 1; wire.next(); fields++) {
    if (fields % SLICE_NUMBERS === 0) yield;
    const field = wire.tag >>> 3;
    const type = wire.tag & 7;
    const single = WIRE_TYPES[field];
    if (single === undefined || (type !== single && type !== WIRE.bytes)) wire.skip();
    else if (type === single) {
      wire.skip();
      elements[field] = (elements[field] as number) + 1;
      if (single === WIRE.bytes) counts.textBytes += wire.to - wire.from;
    } else {
      wire.range();
      const size = SIZE[single];
      elements[field] =
        (elements[field] as number) + (size === undefined ? yield* countVarints(wire) : countFixed(wire, size));
    }
  }
  return counts;
}

function countFixed({ from, to }: WireReader, size: number): number {
  if ((to - from) % size !== 0) throw new WireError('packed numbers end in the middle of a number');
  return (to - from) / size;
}

/** Counts varints: only the last byte of each has a high bit of 0. */
function* countVarints({ bytes, from, to }: WireReader): Sliced<number> {
  let numbers = 0;
  for (let at = from; at < to;) {
    const stop = Math.min(to, at + SLICE_BYTES);
    for (; at < stop; at++) numbers += ((bytes[at] as number) >>> 7) ^ 1;
    if (at < to) yield;
  }
  if (to > from && (bytes[to - 1] as number) >= 0x80)
    throw new WireError('packed numbers end in the middle of a number');
  return numbers;
}

function* copyFixed(wire: WireReader, field: number, data: NumericData): Sliced<void> {
  const target = new Uint8Array(data.buffer);
  const size = data.BYTES_PER_ELEMENT;
  const single = tagOf(field, size === 4 ? WIRE.fixed32 : WIRE.fixed64);
  const packed = tagOf(field, WIRE.bytes);
  let at = 0;
  for (let fields = 1; wire.next(); fields++) {
    if (fields % SLICE_NUMBERS === 0) yield;
    if (wire.tag === packed) wire.range();
    else if (wire.tag === single) wire.fixed(size);
    else {
      wire.skip();
      continue;
    }
    // For a few bytes, a loop is faster.
    if (wire.to - wire.from <= 16) for (let i = wire.from; i < wire.to; i++) target[at++] = wire.bytes[i] as number;
    else {
      target.set(wire.bytes.subarray(wire.from, wire.to), at);
      at += wire.to - wire.from;
    }
  }
}

type Write = (index: number, low: number, high: number) => void;

function* readVarints(wire: WireReader, field: number, write: Write): Sliced<void> {
  const single = tagOf(field, WIRE.varint);
  const packed = tagOf(field, WIRE.bytes);
  let index = 0;
  for (let fields = 1; wire.next(); fields++) {
    if (fields % SLICE_NUMBERS === 0) yield;
    if (wire.tag === single) {
      wire.varint();
      write(index++, wire.low, wire.high);
    } else if (wire.tag === packed) {
      wire.range();
      const { to } = wire;
      for (wire.at = wire.from; wire.at < to;) {
        wire.varint();
        write(index++, wire.low, wire.high);
        if (index % SLICE_NUMBERS === 0) yield;
      }
    } else wire.skip();
  }
}

/**
 * Returns a function that writes an element from two 32-bit halves. A 32-bit field uses only the lower half, as in all
 * protobuf readers.
 */
function writer(datatype: Exclude<Datatype, 'FP16' | 'FP32' | 'FP64' | 'BYTES'>, data: NumericData): Write {
  if (datatype === 'INT64' || datatype === 'UINT64') {
    const halves = new Int32Array(data.buffer);
    return (index, low, high) => {
      halves[2 * index] = low;
      halves[2 * index + 1] = high;
    };
  }
  const numbers = data as Int32Array;
  if (datatype === 'BOOL') return (index, low, high) => (numbers[index] = (low | high) === 0 ? 0 : 1);
  const isUnsigned = datatype.startsWith('U');
  return (index, low) => {
    const value = isUnsigned ? low >>> 0 : low;
    numbers[index] = value;
    if (numbers[index] === value) return;
    throw invalid(`element ${index} is ${value}; ${datatype} takes ${ELEMENT_TYPES[datatype].allowed}`);
  };
}

function* readTexts(wire: WireReader, texts: string[]): Sliced<string[]> {
  const single = tagOf(FIELD.BYTES, WIRE.bytes);
  let index = 0;
  let sliceBytes = 0;
  for (let fields = 1; wire.next(); fields++) {
    if (fields % SLICE_TEXTS === 0 || sliceBytes > TEXT_SLICE_BYTES) {
      sliceBytes = 0;
      yield;
    }
    if (wire.tag !== single) {
      wire.skip();
      continue;
    }
    wire.range();
    const element = wire.bytes.subarray(wire.from, wire.to);
    sliceBytes += element.length;
    const text = element.length > TEXT_SLICE_BYTES ? yield* longText(element) : shortText(element);
    if (text === undefined) throw invalid(`element ${index} is not UTF-8 text without U+0000, which BYTES requires`);
    texts[index++] = text;
  }
  return texts;
}
