import type { FuzzModel } from './models';

/** A request before it is converted to bytes. */
export interface HttpMessage {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

export const INFER_PATH = '/v2/models/m/infer';

const JSON_TYPE = ['content-type', 'application/json'] as const;

/** Converts a request to bytes. @param length Value of content-length; undefined for no such header. */
export function httpBytes(
  { method, path, headers, body }: HttpMessage,
  length: number | undefined = body.length,
): Buffer {
  const all = [['host', 'm'], ...headers, ...(length === undefined ? [] : [['content-length', length]])];
  const head = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  // latin1 keeps every byte of the headers unchanged.
  return Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${head}\r\n`, 'latin1'), body]);
}

/** Valid request in JSON, as an object; undefined if a tensor cannot be written in JSON. */
export function jsonRequest({ inputs }: FuzzModel): object | undefined {
  if (inputs.some(({ json }) => json === undefined)) return undefined;
  return {
    id: 'a',
    inputs: inputs.map(({ name, datatype, shape, json }) => ({ name, datatype, shape, data: JSON.parse(json!) })),
  };
}

/** JSON part of a valid request with binary tensors, as an object. */
export function binaryRequest({ inputs, output }: FuzzModel): object {
  return {
    inputs: inputs.map(({ name, datatype, shape, bytes }) => ({
      name,
      datatype,
      shape,
      parameters: { binary_data_size: bytes.length },
    })),
    outputs: [{ name: output.name, parameters: { binary_data: true } }],
  };
}

export function jsonMessage(text: string): HttpMessage {
  return { method: 'POST', path: INFER_PATH, headers: [JSON_TYPE], body: Buffer.from(text) };
}

/** A request with binary data. @param length Value of the header with the length of the JSON. */
export function binaryMessage(
  text: string,
  data: Buffer,
  length: number | string = Buffer.byteLength(text),
): HttpMessage {
  const headers = [['Inference-Header-Content-Length', String(length)]] as const;
  return { method: 'POST', path: INFER_PATH, headers, body: Buffer.concat([Buffer.from(text), data]) };
}

/** Valid request. Integers are written exactly as in the model's JSON text; JSON.parse would round them. */
export function goodMessage(model: FuzzModel, form: 'json' | 'binary'): HttpMessage {
  if (form === 'binary') {
    return binaryMessage(JSON.stringify(binaryRequest(model)), Buffer.concat(model.inputs.map(({ bytes }) => bytes)));
  }
  const inputs = model.inputs.map(
    ({ name, datatype, shape, json }) =>
      `{"name":"${name}","datatype":"${datatype}","shape":[${shape}],"data":${json}}`,
  );
  return jsonMessage(`{"inputs":[${inputs}]}`);
}
