import type { InputValues } from '../contract/input-values';
import { elementCount } from '../contract/signature';
import { halfBits } from '../contract/half';
import { emptyData, type Tensor, type TensorHeader } from '../tensor/tensor';

/**
 * Range of trial values.
 * - `wide`: integers, including negative ones, and strings like those of real inputs
 * - `digits`: valid indices of most tables
 * - `bits`: valid indices of any table
 * - `unit`: like `bits`, with floating-point numbers from 0 to 1, for models that convert them to indices
 */
export type TrialRange = 'wide' | 'digits' | 'bits' | 'unit';

export interface TrialValues {
  /** Returns a value between -1 and 1 for the element with this index. */
  readonly at: (index: number) => number;
  /** Whether floating-point numbers are multiplied by a thousand. @default false */
  readonly large?: boolean;
  /** @default 'bits' */
  readonly range?: TrialRange;
  /** Values that the graph accepts, as far as the graph shows them; they take precedence over the range. */
  readonly takes?: InputValues;
  /** Value of all elements of a mask; in some models, marked elements are ignored. @default 1 */
  readonly mask?: 0 | 1;
}

/** Creates a tensor for a trial. */
export function trialTensor(header: TensorHeader, values: TrialValues): Tensor {
  const { at, large = false, range = 'bits' } = values;
  const { name, datatype, shape } = header;
  const data = emptyData(datatype, elementCount(shape));
  const elements: Record<number, number | bigint | string> = data;
  const element = knownElementOf(datatype, values) ?? elementOf(datatype, range, large);
  for (let i = 0; i < data.length; i++) elements[i] = element(at(i));
  return { name, datatype, shape, data };
}

const LARGE_FACTOR = 1000;

type Element = (value: number) => number | bigint | string;

/**
 * Returns a function that converts a value to one that the graph accepts; undefined if the graph shows no accepted
 * values for this datatype.
 */
function knownElementOf(
  datatype: TensorHeader['datatype'],
  { takes = {}, mask = 1 }: TrialValues,
): Element | undefined {
  const { among = [], below, isMask } = takes;
  const fitting = among.filter((value) => (typeof value === 'string') === (datatype === 'BYTES'));
  const [count, element] =
    fitting.length > 0
      ? [fitting.length, (place: number) => fitting[place]!]
      : [isMask ? 1 : (below ?? 0), isMask ? () => mask : (place: number) => place];
  if (count === 0 || (datatype === 'BYTES' && fitting.length === 0)) return undefined;
  const place = (value: number) => Math.min(count - 1, Math.floor((count * (value + 1)) / 2));
  if (datatype === 'INT64' || datatype === 'UINT64') return (value) => BigInt(element(place(value)));
  if (datatype === 'FP16') return (value) => halfBits(Number(element(place(value))));
  return (value) => element(place(value));
}

/** Returns a function that converts a value between -1 and 1 to an element. */
function elementOf(datatype: TensorHeader['datatype'], range: TrialRange, large: boolean): Element {
  switch (datatype) {
    case 'FP32':
    case 'FP64':
      if (range === 'unit') return Math.abs;
      return large ? (value) => LARGE_FACTOR * value : (value) => value;
    case 'FP16': {
      // The bits of an FP16 number whose magnitude is 0.5 to 1, or 512 to 1024.
      const isUnit = range === 'unit';
      const exponent = large && !isUnit ? 0x6000 : 0x3800;
      return (value) => (value < 0 && !isUnit ? 0x8000 : 0) + exponent + Math.floor(1023 * Math.abs(value));
    }
    case 'BOOL':
      return INTEGER.bits;
    case 'BYTES':
      return TEXT[range];
    case 'INT64':
    case 'UINT64': {
      const integer = integerOf(datatype, range);
      return (value) => BigInt(integer(value));
    }
    default:
      return integerOf(datatype, range);
  }
}

/**
 * Returns a function that converts a value to an integer. The wide range covers all 8-bit integers, and a few hundred
 * values of wider types.
 */
function integerOf(datatype: TensorHeader['datatype'], range: TrialRange): (value: number) => number {
  if (range !== 'wide') return INTEGER[range];
  if (datatype === 'UINT8') return (value) => Math.round(127.5 * (value + 1));
  if (datatype === 'INT8') return (value) => Math.round(127 * value);
  return datatype.startsWith('U') ? (value) => Math.round(200 * (value + 1)) : (value) => Math.round(400 * value);
}

const bit = (value: number) => (value > 0 ? 1 : 0);
const INTEGER = {
  digits: (value: number) => Math.min(9, Math.floor(5 * (value + 1))),
  bits: bit,
  unit: bit,
};

const letter = (value: number) => (value > 0 ? 'a' : 'b');

/** Strings with zero, one or several words, because some models split strings. */
const WIDE_TEXTS = ['a', 'b c', 'd', 'c b a', '', 'a 7', '42', 'b'];

const TEXT: Record<TrialRange, (value: number) => string> = {
  wide: (value) => WIDE_TEXTS[Math.min(WIDE_TEXTS.length - 1, Math.floor(4 * (value + 1)))] as string,
  digits: (value) => String(INTEGER.digits(value)),
  bits: letter,
  unit: letter,
};
