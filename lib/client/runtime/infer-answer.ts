import { decodeBinaryData } from './binary-data';
import { invalidAnswer } from './inference-error';
import { decodeJsonData, parseJson } from './json-data';
import { elementCount, isShape, shapeFits, specText, type Tensor, type TensorSpec } from './tensors';

interface AnswerEntry {
  readonly name?: unknown;
  readonly datatype?: unknown;
  readonly shape?: unknown;
  readonly data?: unknown;
  readonly parameters?: { readonly binary_data_size?: unknown };
}

/**
 * Decodes the tensors of an answer, and checks that they match the types of this client.
 *
 * @param jsonLength - number of bytes of JSON before the binary data; null if the whole body is JSON
 */
export function decodeAnswer(specs: readonly TensorSpec[], body: ArrayBuffer, jsonLength: string | null): Tensor[] {
  const length = jsonLength === null ? body.byteLength : Number(jsonLength);
  if (!(length <= body.byteLength)) {
    throw invalidAnswer(
      `the answer has ${body.byteLength} bytes, but Inference-Header-Content-Length is ${jsonLength}`,
    );
  }
  const entries = new Map<unknown, { readonly entry: AnswerEntry; readonly blob: ArrayBuffer | undefined }>();
  let at = length;
  for (const entry of parseEntries(body.slice(0, length))) {
    const size = entry.parameters?.binary_data_size;
    const blob = typeof size === 'number' ? body.slice(at, at + size) : undefined;
    at += blob?.byteLength ?? 0;
    entries.set(entry.name, { entry, blob });
  }
  return specs.map((spec) => {
    const found = entries.get(spec.name);
    if (!found) throw invalidAnswer(`the answer has no output ${JSON.stringify(spec.name)}`);
    return decodeOutput(spec, found.entry, found.blob);
  });
}

function parseEntries(json: ArrayBuffer): AnswerEntry[] {
  const answer = parseAnswer(json);
  const outputs = (answer as { readonly outputs?: unknown } | null)?.outputs;
  if (Array.isArray(outputs) && outputs.every((entry) => typeof entry === 'object' && entry !== null)) return outputs;
  throw invalidAnswer('the answer has no outputs; is this the URL of the model server?');
}

export function parseAnswer(json: ArrayBuffer): unknown {
  try {
    return parseJson(new TextDecoder().decode(json));
  } catch (error) {
    throw invalidAnswer('the answer is not JSON; is this the URL of the model server?', error);
  }
}

function decodeOutput(spec: TensorSpec, entry: AnswerEntry, blob: ArrayBuffer | undefined): Tensor {
  const output = `output ${JSON.stringify(spec.name)}`;
  const { datatype, shape, data } = entry;
  if (datatype !== spec.datatype || !isShape(shape) || !shapeFits(shape, spec)) {
    throw invalidAnswer(
      `${output} is ${datatype} [${Array.isArray(shape) ? shape.join(', ') : shape}]; this client was generated for ${specText(spec)}`,
    );
  }
  const elements = blob
    ? decodeBinaryData(spec, shape, blob)
    : Array.isArray(data)
      ? decodeJsonData(spec, data)
      : undefined;
  if (elements?.length !== elementCount(shape)) {
    throw invalidAnswer(`the data of ${output} is not ${datatype} [${shape.join(', ')}]`);
  }
  return { spec, shape, data: elements };
}
