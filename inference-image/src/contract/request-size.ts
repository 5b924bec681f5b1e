import { type BatchingVerdict, rowAxes } from './batching-verdict';
import type { GoldenExample, GoldenTensor } from './golden';
import type { RequestCost } from './memory';
import { DEFAULT_MAX_BATCH_SIZE } from './settings';
import { type Datatype, elementCount, type Signature, type TensorSignature } from './signature';

/**
 * Maximum length of an element in JSON with its comma, in bytes. FP16 and FP32 are omitted, because their length
 * depends on the program that writes them.
 */
export const LONGEST_ELEMENT_BYTES: Readonly<Record<Exclude<Datatype, 'BYTES' | 'FP16' | 'FP32'>, number>> = {
  BOOL: 6,
  UINT8: 4,
  INT8: 5,
  UINT16: 6,
  INT16: 7,
  UINT32: 11,
  INT32: 12,
  UINT64: 21,
  INT64: 21,
  FP64: 25,
};

const MIB = 1024 * 1024;

/** Range of the default of `maxRequestBytes`. The default exceeds this range only if a single row needs more. */
const MIN_DEFAULT_BYTES = MIB;
const MAX_DEFAULT_BYTES = 16 * MIB;

/** Maximum of the setting `maxRequestBytes`. */
const MAX_BYTES = 2 ** 31 - 1;

/** Assumed size of a string if there is no golden example. */
const TEXT_BYTES = 256;

/** Length of the quotes and comma around a string. */
const TEXT_MARKS = 3;

/**
 * Memory of an answer's element in addition to its JSON, in bytes: the element itself, and additional digits that the
 * server may write.
 */
const ANSWERED_ELEMENT_BYTES = 8;

/** Factor for the memory of a string in an answer. It exists as a JavaScript string, in pieces and in the body. */
const TEXT_COPIES = 4;

/**
 * Memory of the longest answer that fits in a JavaScript string, together with its elements. Larger answers must be
 * binary.
 */
const MAX_ANSWER_BYTES = 768 * MIB;

/**
 * Bytes held for each byte of a request with numbers: the body, elements of twice the body's size, and their answer.
 */
const HELD_PER_BYTE = 4;
/**
 * Bytes held for each byte of a request with strings: the body, strings of twice the body's size, and the copies for
 * a run (inference/data-plane.ts).
 */
const TEXT_HELD_PER_BYTE = 8;

/** Allowance for names, shapes, parameters and white space. */
const ENVELOPE_BYTES = 16 * 1024;

/** Size of an element in JSON with its comma: the maximum, but for FP32 and FP16 the size that clients usually send. */
const JSON_BYTES: Readonly<Record<Exclude<Datatype, 'BYTES'>, number>> = {
  ...LONGEST_ELEMENT_BYTES,
  FP16: 6,
  // Typical length of a float that Python has converted to a double and written with all its digits.
  FP32: 22,
};

/** Sizes of the largest golden example; 0 without golden examples. */
export interface ExampleSizes {
  /** Size of the example's request as JSON. */
  readonly requestBytes: number;
  /** Memory for the example's answer: elements and their JSON. */
  readonly answerBytes: number;
}

export interface RequestSizeFacts {
  readonly signature: Signature;
  /** Verdict that contains the row axes. @default - rows are on the first axis if it is free */
  readonly batching?: BatchingVerdict;
  readonly maxBatchSize?: number;
  readonly exampleSizes: ExampleSizes;
  /** Declaration of pictures, if the model accepts them. */
  readonly picture?: object;
}

/**
 * Default of `maxRequestBytes`, in whole MiB: the size of a batch in JSON, clamped to between 1 and 16 MiB, but at
 * least the size of one row. It is 16 MiB if the size of a row is unknown or the model accepts pictures.
 */
export function defaultMaxRequestBytes(facts: RequestSizeFacts): number {
  const { signature, maxBatchSize: rows = DEFAULT_MAX_BATCH_SIZE, picture } = facts;
  const { requestBytes: exampleBytes } = facts.exampleSizes;
  const inputs = signature.inputs.map((input, i) => ({ ...input, rowAxis: rowAxisOf(input, i, facts.batching) }));
  const rowBytes = sum(inputs.map(rowBytesOf));
  const batchBytes = sum(inputs.map((input) => (input.rowAxis === undefined ? 1 : rows) * rowBytesOf(input)));
  const hasRows = inputs.some(({ rowAxis }) => rowAxis !== undefined);
  const isUnknown = exampleBytes === 0 && inputs.some(hasUnknownSize);
  const usual = picture || isUnknown ? MAX_DEFAULT_BYTES : Math.max(batchBytes, (hasRows ? rows : 1) * exampleBytes);
  const least = Math.max(rowBytes, exampleBytes) + ENVELOPE_BYTES;
  const bytes = Math.max(MIN_DEFAULT_BYTES, least, Math.min(MAX_DEFAULT_BYTES, usual));
  return Math.min(MAX_BYTES, MIB * Math.ceil(bytes / MIB));
}

/**
 * Budget that a request needs. The size of the JSON answer to one row is derived from the fixed sizes of the outputs,
 * or from the largest golden example.
 */
export function requestCost({
  signature,
  exampleSizes,
}: Pick<RequestSizeFacts, 'signature' | 'exampleSizes'>): RequestCost {
  const takesTexts = signature.inputs.some(({ datatype }) => datatype === 'BYTES');
  const bytes = sum(
    signature.outputs.map((output) => answerBytes(output.datatype, rowElements(output), rowBytesOf(output))),
  );
  return {
    heldPerByte: takesTexts ? TEXT_HELD_PER_BYTE : HELD_PER_BYTE,
    answerBytes: Math.min(MAX_ANSWER_BYTES, Math.max(bytes, exampleSizes.answerBytes)),
  };
}

/** @param files Files that the examples refer to, with their sizes */
export function exampleSizesOf(
  examples: readonly Pick<GoldenExample, 'request' | 'response'>[],
  files: ReadonlyArray<{ readonly path: string; readonly sizeBytes: number }>,
): ExampleSizes {
  const sizes = new Map(files.map(({ path, sizeBytes }) => [path, sizeBytes]));
  const jsonBytes = (tensor: GoldenTensor) => jsonBytesOf(tensor, sizes);
  const answer = (tensor: GoldenTensor) => answerBytes(tensor.datatype, elementCount(tensor.shape), jsonBytes(tensor));
  return {
    requestBytes: Math.max(0, ...examples.map(({ request }) => sum((request?.inputs ?? []).map(jsonBytes)))),
    answerBytes: Math.max(0, ...examples.map(({ response }) => sum(response.outputs.map(answer)))),
  };
}

function jsonBytesOf({ datatype, shape, data, file }: GoldenTensor, sizes: ReadonlyMap<string, number>): number {
  if (datatype !== 'BYTES') return elementCount(shape) * JSON_BYTES[datatype];
  // In a file, four bytes precede each string; the quotes and the comma that a string has in JSON take less.
  if (file !== undefined) return sizes.get(file) ?? 0;
  return sum((data ?? []).flat(Infinity).map((text) => Buffer.byteLength(String(text)) + TEXT_MARKS));
}

function answerBytes(datatype: Datatype, elements: number, jsonBytes: number): number {
  return datatype === 'BYTES' ? TEXT_COPIES * jsonBytes : ANSWERED_ELEMENT_BYTES * elements + jsonBytes;
}

type Input = TensorSignature & { readonly rowAxis?: number };

function rowAxisOf({ dimensions }: TensorSignature, index: number, batching?: BatchingVerdict): number | undefined {
  const axis = rowAxes(batching)?.inputAxes[index];
  if (axis !== undefined) return axis ?? undefined;
  return dimensions.length > 0 && typeof dimensions[0] !== 'number' ? 0 : undefined;
}

/** Number of elements of a row; dimensions that are not fixed count as 1. */
function rowElements({ dimensions }: TensorSignature): number {
  return elementCount(dimensions.map((size) => (typeof size === 'number' ? size : 1)));
}

function rowBytesOf(tensor: TensorSignature): number {
  const { datatype } = tensor;
  return rowElements(tensor) * (datatype === 'BYTES' ? TEXT_BYTES + TEXT_MARKS : JSON_BYTES[datatype]);
}

function hasUnknownSize({ dimensions, rowAxis }: Input): boolean {
  return dimensions.some((size, axis) => typeof size !== 'number' && axis !== rowAxis);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
