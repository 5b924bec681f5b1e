import { elementCount } from '../contract/signature';
import { emptyData, type Tensor, type TensorHeader } from './tensor';

/**
 * Which integers and texts a model is tried with. `wide` has what real inputs may have, negative integers too; `digits`
 * are indices of most tables, and `bits` of any.
 */
export type TrialRange = 'wide' | 'digits' | 'bits';

export interface TrialValues {
  /** Between -1 and 1, for the element with this index. */
  readonly at: (index: number) => number;
  /** Whether floating-point numbers are a thousand times as large. @default false */
  readonly large?: boolean;
  /** @default 'bits' */
  readonly range?: TrialRange;
}

/** A tensor to try a model with. */
export function trialTensor(header: TensorHeader, { at, large = false, range = 'bits' }: TrialValues): Tensor {
  const { name, datatype, shape } = header;
  const data = emptyData(datatype, elementCount(shape));
  const elements: Record<number, number | bigint | string> = data;
  const element = elementOf(datatype, range, large);
  for (let i = 0; i < data.length; i++) elements[i] = element(at(i));
  return { name, datatype, shape, data };
}

const LARGE_FACTOR = 1000;

type Element = (value: number) => number | bigint | string;

/** From a value between -1 and 1. */
function elementOf(datatype: TensorHeader['datatype'], range: TrialRange, large: boolean): Element {
  switch (datatype) {
    case 'FP32':
    case 'FP64':
      return large ? (value) => LARGE_FACTOR * value : (value) => value;
    case 'FP16': {
      // Bits: a magnitude of 0.5 to 1, or of 512 to 1024.
      const exponent = large ? 0x6000 : 0x3800;
      return (value) => (value < 0 ? 0x8000 : 0) + exponent + Math.floor(1023 * Math.abs(value));
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

/** The wide range has all values of 8 bits, and some hundreds of wider integers. */
function integerOf(datatype: TensorHeader['datatype'], range: TrialRange): (value: number) => number {
  if (range !== 'wide') return INTEGER[range];
  if (datatype === 'UINT8') return (value) => Math.round(127.5 * (value + 1));
  if (datatype === 'INT8') return (value) => Math.round(127 * value);
  return datatype.startsWith('U') ? (value) => Math.round(200 * (value + 1)) : (value) => Math.round(400 * value);
}

const INTEGER = {
  digits: (value: number) => Math.min(9, Math.floor(5 * (value + 1))),
  bits: (value: number) => (value > 0 ? 1 : 0),
};

/** Of one word and of several, since some models take texts apart. */
const WIDE_TEXTS = ['a', 'b c', 'd', 'c b a', '', 'a 7', '42', 'b'];

const TEXT: Record<TrialRange, (value: number) => string> = {
  wide: (value) => WIDE_TEXTS[Math.min(WIDE_TEXTS.length - 1, Math.floor(4 * (value + 1)))] as string,
  digits: (value) => String(INTEGER.digits(value)),
  bits: (value) => (value > 0 ? 'a' : 'b'),
};
