import { concatenate, encodeBinaryData } from './binary-data';
import { encodeJsonData } from './json-data';
import type { Tensor, TensorSpec } from './tensors';

export interface InferBody {
  readonly body: string | ArrayBuffer | Blob;
  readonly headers: Readonly<Record<string, string>>;
}

/** An inference request whose tensors are encoded once for all attempts. */
export class EncodedRequest {
  private readonly json: string;
  private readonly blobs: Uint8Array[] = [];

  constructor(inputs: readonly Tensor[], outputs: readonly TensorSpec[], protocol: 'binary' | 'json') {
    const isBinary = ({ datatype }: TensorSpec) => protocol === 'binary' || datatype === 'FP16';
    const entries = inputs.map((input) => {
      const { name, datatype } = input.spec;
      const header = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${input.shape.join(',')}]`;
      if (!isBinary(input.spec)) return `{${header},"data":${encodeJsonData(input)}}`;
      const blob = encodeBinaryData(input);
      this.blobs.push(blob);
      return `{${header},"parameters":{"binary_data_size":${blob.byteLength}}}`;
    });
    const wanted = outputs.map((spec) => ({ name: spec.name, parameters: { binary_data: isBinary(spec) } }));
    this.json = `"inputs":[${entries.join(',')}],"outputs":${JSON.stringify(wanted)}`;
  }

  /**
   * @param remaining - time left for the server, in milliseconds; the protocol expects it in microseconds:
   * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_schedule_policy.md
   */
  body(remaining: number): InferBody {
    const timeout = Math.max(1, Math.floor(remaining * 1000));
    const parameters = Number.isSafeInteger(timeout) ? `,"parameters":{"timeout":${timeout}}` : '';
    const json = `{${this.json}${parameters}}`;
    if (this.blobs.length === 0) return { body: json, headers: { 'content-type': 'application/json' } };
    const head = new TextEncoder().encode(json);
    return {
      body: concatenate([head, ...this.blobs]),
      headers: {
        'content-type': 'application/octet-stream',
        'inference-header-content-length': String(head.byteLength),
      },
    };
  }
}
