import { bytesToTexts, elementsOf, textsToBytes, type Element } from './elements';
import type { CaseTensor } from './prepared-model';

export const PROTOCOLS = ['JSON', 'binary'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface Body {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export interface AnsweredTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly elements: Element[];
}

/** Body of a request with the given inputs, as a client sends it. */
export function requestBody(inputs: readonly CaseTensor[], protocol: Protocol): Body {
  return protocol === 'JSON' ? jsonBody(inputs) : binaryBody(inputs);
}

function jsonBody(inputs: readonly CaseTensor[]): Body {
  const tensors = inputs.map(({ name, datatype, shape, bytes, texts }) => {
    const data = texts ? JSON.stringify(texts) : `[${elementsOf(datatype, bytes).map(numberText).join()}]`;
    return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":${JSON.stringify(shape)},"data":${data}}`;
  });
  const body = Buffer.from(`{"inputs":[${tensors.join()}]}`);
  return { headers: { 'content-type': 'application/json' }, body };
}

function numberText(element: Element): string {
  const isFinite = typeof element !== 'number' || Number.isFinite(element);
  return isFinite ? String(element) : `"${element}"`;
}

function binaryBody(inputs: readonly CaseTensor[]): Body {
  const blobs = inputs.map(({ bytes, texts }) => (texts ? textsToBytes(texts) : bytes));
  const tensors = inputs.map(({ name, datatype, shape }, index) => ({
    name,
    datatype,
    shape,
    parameters: { binary_data_size: blobs[index]!.length },
  }));
  const head = Buffer.from(JSON.stringify({ inputs: tensors, parameters: { binary_data_output: true } }));
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(head.length),
  };
  return { headers, body: Buffer.concat([head, ...blobs]) };
}

/** Reads the tensors of a JSON or binary answer. */
export function answeredTensors(headers: Headers, body: Buffer): AnsweredTensor[] {
  const headLength = Number(headers.get('inference-header-content-length') ?? body.length);
  const { outputs } = JSON.parse(body.toString('utf8', 0, headLength));
  let at = headLength;
  return outputs.map(({ name, datatype, shape, data, parameters }: any) => {
    if (data) return { name, datatype, shape, elements: data };
    const bytes = body.subarray(at, (at += parameters.binary_data_size));
    return {
      name,
      datatype,
      shape,
      elements: datatype === 'BYTES' ? bytesToTexts(bytes) : elementsOf(datatype, bytes),
    };
  });
}
