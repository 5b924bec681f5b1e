import { constants } from 'node:buffer';
import { elementCount, type Datatype } from '../contract/signature';
import { invalid } from '../errors';
import type { Tensor, TensorHeader } from '../inference/tensor';
import { packedTextBytes } from './binary-data';
import type { InferRequest } from './infer-request';

/** The longest that an element is written, with its comma. Those of BYTES have no bound. */
const LONGEST_TEXT: Readonly<Record<Exclude<Datatype, 'BYTES' | 'FP16'>, number>> = {
  BOOL: 6,
  UINT8: 4,
  INT8: 5,
  UINT16: 6,
  INT16: 7,
  UINT32: 11,
  INT32: 12,
  UINT64: 21,
  INT64: 21,
  FP32: 25,
  FP64: 25,
};

/** Besides outputs: the names of the model, and the longest id. */
const ANSWER_BYTES = 8192;
/** Of an output besides its name, its shape and its elements. */
const OUTPUT_BYTES = 128;
const [NAME_CHARACTER_BYTES, SIZE_BYTES] = [6, 20];

/** How to ask for what takes less. */
export const ASK_FOR_BINARY = 'ask for binary data, with "binary_data_output": true among the parameters';

/**
 * Bytes that an answer takes at most, without texts in JSON, whose length is known when they are written.
 * @throws ServingError where its JSON would be longer than a string may be.
 */
export function maxAnswerBytes({ binary }: Pick<InferRequest, 'binary'>, outputs: readonly Tensor[]): number {
  let jsonBytes = ANSWER_BYTES;
  let binaryBytes = 0;
  for (let i = 0; i < outputs.length; i++) {
    const output = outputs[i] as Tensor;
    jsonBytes += OUTPUT_BYTES + NAME_CHARACTER_BYTES * output.name.length + SIZE_BYTES * output.shape.length;
    if (binary[i]) binaryBytes += Array.isArray(output.data) ? packedTextBytes(output.data) : output.data.byteLength;
    else jsonBytes += longestJson(output);
  }
  if (jsonBytes > constants.MAX_STRING_LENGTH) {
    throw invalid(
      `the answer takes up to ${jsonBytes} bytes as JSON, and ${constants.MAX_STRING_LENGTH} is the limit; ${ASK_FOR_BINARY}`,
    );
  }
  return jsonBytes + binaryBytes;
}

function longestJson({ datatype, shape }: TensorHeader): number {
  return datatype === 'BYTES' || datatype === 'FP16' ? 0 : elementCount(shape) * LONGEST_TEXT[datatype];
}

/** Characters of all texts. */
export function textLength(outputs: readonly Tensor[]): number {
  let length = 0;
  for (const { data } of outputs) {
    if (Array.isArray(data)) for (const text of data) length += text.length + 1;
  }
  return length;
}
