import type { ModelManifest } from '../contract/model-manifest';
import { invalid } from '../errors';
import type { Tensor } from '../inference/tensor';
import { encodeBinaryData } from './binary-data';
import type { InferRequest } from './infer-request';
import { encodeJsonData, FP16_HAS_NO_JSON } from './json-data';

export interface InferResponse {
  /** JSON alone, or JSON followed by binary data. */
  readonly body: string | Buffer;
  /** Bytes of JSON before the binary data; undefined where there is none. */
  readonly jsonLength?: number;
}

/** Writes inference responses of one model. */
export class InferResponseEncoder {
  private readonly names: string;
  private readonly withoutJson: readonly string[];

  constructor({ name, version, signature }: Pick<ModelManifest, 'name' | 'version' | 'signature'>) {
    this.withoutJson = signature.outputs.filter(({ datatype }) => datatype === 'FP16').map((output) => output.name);
    this.names = `"model_name":${JSON.stringify(name)},"model_version":${JSON.stringify(version)}`;
  }

  /** Throws where a request asks for JSON of what has none: before its run, which would be for nothing. */
  assertEncodable({ outputs, binary }: InferRequest): void {
    if (this.withoutJson.length === 0) return;
    const without = outputs.find((name, i) => !binary[i] && this.withoutJson.includes(name));
    if (without !== undefined) throw invalid(`output ${JSON.stringify(without)}: ${FP16_HAS_NO_JSON}`);
  }

  /** @param outputs In the order that `request` asks for. */
  encode(request: InferRequest, outputs: readonly Tensor[]): InferResponse {
    const blobs: Buffer[] = [];
    const entries = outputs.map((output, i) => {
      const { name, datatype, shape } = output;
      const header = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;
      if (!request.binary[i]) return `{${header},"data":${encodeJsonData(output)}}`;
      const blob = encodeBinaryData(output);
      blobs.push(blob);
      return `{${header},"parameters":{"binary_data_size":${blob.length}}}`;
    });
    const id = request.id === undefined ? '' : `,"id":${JSON.stringify(request.id)}`;
    const json = `{${this.names}${id},"outputs":[${entries.join(',')}]}`;
    // Clients look for binary data by the header, so it is there only if some is.
    if (blobs.every((blob) => blob.length === 0)) return { body: json };
    const text = Buffer.from(json);
    return { body: Buffer.concat([text, ...blobs]), jsonLength: text.length };
  }
}
