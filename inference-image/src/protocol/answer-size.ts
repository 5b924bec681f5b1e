import { constants } from 'node:buffer';
import { LONGEST_ELEMENT_BYTES } from '../contract/request-size';
import { elementCount, type Datatype } from '../contract/signature';
import { invalid } from '../base/errors';
import type { Tensor } from '../tensor/tensor';
import { packedTextBytes } from './binary-data';
import type { InferRequest } from './request';

/** Maximum length of an element's text, including its comma. BYTES has no maximum. */
const LONGEST_TEXT: Readonly<Record<Exclude<Datatype, 'BYTES'>, number>> = {
  ...LONGEST_ELEMENT_BYTES,
  // FP16 as JSON is refused before the run.
  FP16: 0,
  FP32: 25,
};

/** Maximum number of bytes of an answer, excluding its outputs: the model's name and version, and the longest id. */
const ANSWER_BYTES = 8192;
/** Maximum number of bytes of an output, excluding its name, its shape and its elements. */
const OUTPUT_BYTES = 128;
const [NAME_CHARACTER_BYTES, SIZE_BYTES] = [6, 20];

/** Remedy for answers that are too large. */
export const ASK_FOR_BINARY = 'ask for binary data by setting "binary_data_output": true in the parameters';

export interface AnswerSize {
  /** Bytes of the outputs. */
  readonly outputBytes: number;
  /** Upper bound of the answer's bytes, excluding strings in JSON, whose length is known only once they are written. */
  readonly maxBytes: number;
  /** Number of elements that are written as JSON, not counting strings. */
  readonly jsonElements: number;
  /** Characters of all strings, plus one for each string. */
  readonly textLength: number;
}

/** Computes the size of an answer. @throws ServingError if its JSON would exceed the maximum length of a string. */
export function answerSize({ binary }: Pick<InferRequest, 'binary'>, outputs: readonly Tensor[]): AnswerSize {
  let [outputBytes, jsonElements, textLength] = [0, 0, 0];
  let jsonBytes = ANSWER_BYTES;
  let binaryBytes = 0;
  for (let i = 0; i < outputs.length; i++) {
    const { name, datatype, shape, data } = outputs[i] as Tensor;
    jsonBytes += OUTPUT_BYTES + NAME_CHARACTER_BYTES * name.length + SIZE_BYTES * shape.length;
    if (Array.isArray(data)) {
      let length = data.length;
      for (const text of data) length += text.length;
      textLength += length;
      outputBytes += 2 * length;
      if (binary[i]) binaryBytes += packedTextBytes(data);
      continue;
    }
    outputBytes += data.byteLength;
    if (binary[i]) binaryBytes += data.byteLength;
    else {
      const elements = elementCount(shape);
      jsonElements += elements;
      jsonBytes += elements * LONGEST_TEXT[datatype as keyof typeof LONGEST_TEXT];
    }
  }
  if (jsonBytes > constants.MAX_STRING_LENGTH) {
    throw invalid(
      `the answer takes up to ${jsonBytes} bytes as JSON, and the limit is ${constants.MAX_STRING_LENGTH} bytes; ${ASK_FOR_BINARY}`,
    );
  }
  return { outputBytes, maxBytes: jsonBytes + binaryBytes, jsonElements, textLength };
}
