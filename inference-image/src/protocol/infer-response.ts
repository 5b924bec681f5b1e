import type { ModelManifest } from '../contract/model-manifest';
import { quoted } from '../cut-text';
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

/** The JSON of the data of some outputs, in pieces that follow each other. */
export type WrittenData = ReadonlyArray<readonly Uint8Array[] | undefined>;

const NOTHING_WRITTEN: WrittenData = [];

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
    if (without !== undefined) throw invalid(`output ${quoted(without)}: ${FP16_HAS_NO_JSON}`);
  }

  /**
   * @param outputs In the order that `request` asks for.
   * @param written The JSON of those of them whose data has been written already. @default - none has
   */
  encode(request: InferRequest, outputs: readonly Tensor[], written?: WrittenData): InferResponse {
    const { parts, jsonLength } = this.encodeParts(request, outputs, written);
    const [json] = parts;
    return typeof json === 'string' ? { body: json } : { body: Buffer.concat(parts as Uint8Array[]), jsonLength };
  }

  /** The same before it is one body: text alone, or bytes that follow each other. */
  encodeParts(
    request: InferRequest,
    outputs: readonly Tensor[],
    written: WrittenData = NOTHING_WRITTEN,
  ): { parts: readonly [string] | readonly Uint8Array[]; jsonLength?: number } {
    const parts: Uint8Array[] = [];
    const blobs: Buffer[] = [];
    const id = request.id === undefined ? '' : `,"id":${JSON.stringify(request.id)}`;
    let json = `{${this.names}${id},"outputs":[`;
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i] as Tensor;
      const { name, datatype, shape } = output;
      const header = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;
      json += `${i > 0 ? ',' : ''}{${header},`;
      const pieces = written[i];
      if (request.binary[i]) {
        const blob = encodeBinaryData(output);
        blobs.push(blob);
        json += `"parameters":{"binary_data_size":${blob.length}}}`;
      } else if (pieces) {
        parts.push(Buffer.from(`${json}"data":`), ...pieces);
        json = '}';
      } else json += `"data":${encodeJsonData(output)}}`;
    }
    json += ']}';
    // Clients look for binary data by the header, so it is there only if some is.
    const isJson = blobs.every((blob) => blob.length === 0);
    if (isJson && parts.length === 0) return { parts: [json] };
    parts.push(Buffer.from(json));
    if (isJson) return { parts };
    const jsonLength = parts.reduce((length, part) => length + part.length, 0);
    return { parts: [...parts, ...blobs], jsonLength };
  }
}
