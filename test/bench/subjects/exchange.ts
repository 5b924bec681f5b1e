import type { ServingModel } from '../serving-models';

export type Protocol = 'JSON' | 'binary';

/** Request for one row, and a function that reads the response. */
export interface Exchange {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
  /** Returns the values of the output in a response. */
  read(headers: Headers, body: Buffer): number[];
}

export type Exchanges = Partial<Record<Protocol, Exchange>>;

const JSON_TYPE = { 'content-type': 'application/json' };

/** Exchange in the JSON of the Open Inference Protocol. */
export function v2Json(modelName: string, { shape, values }: ServingModel): Exchange {
  return {
    path: `/v2/models/${modelName}/infer`,
    headers: JSON_TYPE,
    body: Buffer.from(JSON.stringify({ inputs: [{ name: 'input', datatype: 'FP32', shape, data: values }] })),
    read: (_, body) => JSON.parse(body.toString()).outputs[0].data.flat(Infinity),
  };
}

/** Exchange with the binary tensor data extension, for both the request and the response. */
export function v2Binary(modelName: string, { shape, values }: ServingModel): Exchange {
  const blob = Buffer.from(Float32Array.from(values).buffer);
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ name: 'input', datatype: 'FP32', shape, parameters: { binary_data_size: blob.length } }],
      parameters: { binary_data_output: true },
    }),
  );
  return {
    path: `/v2/models/${modelName}/infer`,
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.length),
    },
    body: Buffer.concat([head, blob]),
    read: (headers, body) => {
      const data = body.subarray(Number(headers.get('inference-header-content-length')));
      return Array.from({ length: data.length / 4 }, (_, i) => data.readFloatLE(4 * i));
    },
  };
}

/** Exchange of `{"input": [[…]]}`, for servers that do not implement the Open Inference Protocol. */
export function plainJson(path: string, { shape, values }: ServingModel): Exchange {
  return {
    path,
    headers: JSON_TYPE,
    body: Buffer.from(JSON.stringify({ input: nested(values, shape) })),
    read: (_, body) => {
      const answer = JSON.parse(body.toString());
      return (answer.output ?? answer).flat(Infinity);
    },
  };
}

function nested(values: unknown[], [, ...rest]: number[]): unknown {
  let rows = values;
  for (const width of rest.reverse()) {
    const wider: unknown[] = [];
    for (let i = 0; i < rows.length; i += width) wider.push(rows.slice(i, i + width));
    rows = wider;
  }
  return rows;
}
