import type { GoldenTensor } from './golden';
import { type Datatype, elementCount, type Signature, wireShape } from './signature';

const MIB = 1024 * 1024;

/** Between these the default lies, but that one row always fits. */
const MIN_DEFAULT_BYTES = MIB;
const MAX_DEFAULT_BYTES = 16 * MIB;

/** Sizes that are not fixed, and of which no example tells. */
const ASSUMED_SIZE = 1;

/** Of a text that nobody has shown. */
const TEXT_BYTES = 256;

/** What an element takes in JSON with its comma: the digits of a float that a client has not rounded, and so on. */
const JSON_BYTES: Readonly<Record<Datatype, number>> = {
  BOOL: 6,
  UINT8: 4,
  INT8: 5,
  UINT16: 6,
  INT16: 7,
  UINT32: 11,
  INT32: 12,
  UINT64: 21,
  INT64: 21,
  FP16: 6,
  // As Python writes them: through doubles.
  FP32: 22,
  FP64: 25,
  BYTES: TEXT_BYTES,
};

export interface RequestSizeFacts {
  readonly signature: Signature;
  /** Rows of a batch. */
  readonly rows: number;
  /** The inputs of each golden example. @default - none */
  readonly examples?: ReadonlyArray<ReadonlyArray<Pick<GoldenTensor, 'datatype' | 'shape'>>>;
  /** Whether the model takes pictures as they are. @default false */
  readonly takesPictures?: boolean;
}

/** Bytes that a request may have where `maxRequestBytes` is not set: what a batch takes in JSON. */
export function defaultMaxRequestBytes({
  signature,
  rows,
  examples = [],
  takesPictures = false,
}: RequestSizeFacts): number {
  const row = signature.inputs.map(({ datatype, dimensions }) => {
    const shape = wireShape({ dimensions }).map((size) => (size < 0 ? ASSUMED_SIZE : size));
    return { datatype, shape };
  });
  const rowBytes = Math.max(...[row, ...examples].map(jsonBytes));
  const batchBytes = takesPictures ? MAX_DEFAULT_BYTES : rows * rowBytes;
  return Math.max(rowBytes, MIN_DEFAULT_BYTES, Math.min(MAX_DEFAULT_BYTES, batchBytes));
}

function jsonBytes(inputs: ReadonlyArray<Pick<GoldenTensor, 'datatype' | 'shape'>>): number {
  return inputs.reduce((total, { datatype, shape }) => total + elementCount(shape) * JSON_BYTES[datatype], 0);
}
