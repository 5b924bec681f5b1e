import type { BatchingVerdict } from './batching-verdict';
import type { GoldenExample, GoldenTensor } from './golden';
import { LONGEST_ELEMENT_BYTES } from './element-text';
import type { RequestCost } from './memory';
import { rowAxes } from './row-axes';
import { DEFAULT_MAX_BATCH_SIZE } from './settings';
import { type Datatype, elementCount, type Signature, type TensorSignature } from './signature';

const MIB = 1024 * 1024;

/** Range of the default, exceeded only if one row needs more. */
const MIN_DEFAULT_BYTES = MIB;
const MAX_DEFAULT_BYTES = 16 * MIB;

/** The largest that the setting may be. */
const MAX_BYTES = 2 ** 31 - 1;

/** A text where no example shows one. */
const TEXT_BYTES = 256;

/** Quotes and comma of a text. */
const TEXT_MARKS = 3;

/** An element of an answer before it is written, and the digits that the server may write more than a client. */
const ELEMENT_BYTES = 8;

/** A text in an answer: as a string, in pieces, and in the body. */
const TEXT_COPIES = 4;

/** JSON as long as a string may be, and its elements. More is for binary answers. */
const MAX_ANSWER_BYTES = 768 * MIB;

/** Numbers: the body, and elements of twice its size; then their answer. */
const HELD_PER_BYTE = 4;
/** Texts: the body, strings of twice its size, and the copies of a run (inference/data-plane.ts). */
const TEXT_HELD_PER_BYTE = 8;

/** Names, shapes, parameters and white space. */
const ENVELOPE_BYTES = 16 * 1024;

/** What an element takes in JSON with its comma: the digits of a float that a client has not rounded, and so on. */
const JSON_BYTES: Readonly<Record<Exclude<Datatype, 'BYTES'>, number>> = {
  ...LONGEST_ELEMENT_BYTES,
  FP16: 6,
  // As Python writes them: through doubles.
  FP32: 22,
};

/** Bytes of the largest of the golden examples; 0 where there is none. */
export interface ExampleSizes {
  /** Its request as JSON. */
  readonly requestBytes: number;
  /** Memory for its answer: elements, and their JSON. */
  readonly answerBytes: number;
}

export interface RequestSizeFacts {
  readonly signature: Signature;
  /** Where rows are. @default - on the first axis, where that is free */
  readonly batching?: BatchingVerdict;
  /** Rows of a batch. */
  readonly maxBatchSize?: number;
  readonly exampleSizes: ExampleSizes;
  /** What is declared of pictures, if the model takes them. */
  readonly picture?: object;
}

/**
 * Bytes that a request may have where `maxRequestBytes` is not set, in whole MiB: what a batch takes in JSON, from 1 to
 * 16 MiB, and never less than a row. It is 16 MiB where the size of a row is unknown, or pictures are sent.
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

/** The answer to one row in JSON counts by the fixed sizes of the outputs, or by the largest golden example. */
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

/** @param files That the examples name, with their sizes. */
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
  // A text in a file has its length before it, which is more than the marks that JSON has.
  if (file !== undefined) return sizes.get(file) ?? 0;
  return sum((data ?? []).flat(Infinity).map((text) => Buffer.byteLength(String(text)) + TEXT_MARKS));
}

function answerBytes(datatype: Datatype, elements: number, jsonBytes: number): number {
  return datatype === 'BYTES' ? TEXT_COPIES * jsonBytes : ELEMENT_BYTES * elements + jsonBytes;
}

type Input = TensorSignature & { readonly rowAxis?: number };

function rowAxisOf({ dimensions }: TensorSignature, index: number, batching?: BatchingVerdict): number | undefined {
  const axis = rowAxes(batching)?.inputAxes[index];
  if (axis !== undefined) return axis ?? undefined;
  return dimensions.length > 0 && typeof dimensions[0] !== 'number' ? 0 : undefined;
}

/** Sizes that are not fixed count as 1. */
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
