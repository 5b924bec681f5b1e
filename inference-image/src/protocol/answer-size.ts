import { constants } from 'node:buffer';
import { elementCount, type Datatype } from '../contract/signature';
import { invalid } from '../errors';
import type { Tensor, TensorHeader } from '../inference/tensor';
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

/** Besides elements: names, datatypes, shapes. */
const HEADER_BYTES = 512;

/** How to ask for what takes less. */
export const ASK_FOR_BINARY = 'ask for binary data, with "binary_data_output": true among the parameters';

/**
 * Bytes that an answer takes at most, but for texts, of which it counts those that are written as binary data alone.
 * @throws ServingError where its JSON would be longer than a string may be.
 */
export function maxAnswerBytes({ binary }: Pick<InferRequest, 'binary'>, outputs: readonly Tensor[]): number {
  let jsonBytes = 0;
  let binaryBytes = 0;
  for (let i = 0; i < outputs.length; i++) {
    const output = outputs[i] as Tensor;
    jsonBytes += HEADER_BYTES;
    if (binary[i]) binaryBytes += Array.isArray(output.data) ? 0 : output.data.byteLength;
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
