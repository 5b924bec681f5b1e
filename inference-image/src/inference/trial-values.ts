import { elementCount } from '../contract/signature';
import { emptyData, type Tensor, type TensorHeader } from './tensor';

export interface TrialValues {
  /** Between -1 and 1, for the element with this index. */
  readonly at: (index: number) => number;
  /** Whether numbers of the floating point are a thousand times as large. @default false */
  readonly large?: boolean;
}

/** A tensor to try a model with. Integers are 0 and 1, which are indices of any table. */
export function trialTensor({ name, datatype, shape }: TensorHeader, { at, large = false }: TrialValues): Tensor {
  const data = emptyData(datatype, elementCount(shape));
  const elements: Record<number, number | bigint | string> = data;
  for (let i = 0; i < data.length; i++) elements[i] = ELEMENTS[datatype](at(i), large);
  return { name, datatype, shape, data };
}

const LARGE_FACTOR = 1000;

type Element = (value: number, large: boolean) => number | bigint | string;

const float: Element = (value, large) => (large ? LARGE_FACTOR * value : value);
const small: Element = (value) => (value > 0 ? 1 : 0);
const smallLong: Element = (value) => (value > 0 ? 1n : 0n);

/** From a value between -1 and 1. */
const ELEMENTS: Record<TensorHeader['datatype'], Element> = {
  FP32: float,
  FP64: float,
  // Bits: a magnitude of 0.5 to 1, or of 512 to 1024.
  FP16: (value, large) => (value < 0 ? 0x8000 : 0) + (large ? 0x6000 : 0x3800) + Math.floor(1023 * Math.abs(value)),
  BOOL: small,
  UINT8: small,
  UINT16: small,
  UINT32: small,
  INT8: small,
  INT16: small,
  INT32: small,
  INT64: smallLong,
  UINT64: smallLong,
  BYTES: (value) => (value > 0 ? 'a' : 'b'),
};
