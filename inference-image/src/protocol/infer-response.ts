import type { ModelManifest } from '../contract/model-manifest';
import { quoted } from '../base/cut-text';
import { invalid } from '../base/errors';
import type { Tensor } from '../tensor/tensor';
import { encodeBinaryData } from './binary-data';
import type { InferRequest } from './request';
import { encodeJsonData, FP16_HAS_NO_JSON, jsonDataPieces } from '../json/json-data';
import { COPY_BYTES, type Sliced } from '../base/sliced-work';

export interface InferResponse {
  /** JSON, optionally followed by binary data. */
  readonly body: string | Buffer;
  /** Number of bytes of JSON before the binary data; undefined if there is no binary data. */
  readonly jsonLength?: number;
}

/** For each output, its data as JSON in successive pieces, if the JSON is already written. */
type WrittenData = ReadonlyArray<readonly Uint8Array[] | undefined>;

/** Writes the inference responses of one model. */
export class InferResponseEncoder {
  private readonly names: string;
  private readonly withoutJson: readonly string[];

  constructor({ name, version, signature }: Pick<ModelManifest, 'name' | 'version' | 'signature'>) {
    this.withoutJson = signature.outputs.filter(({ datatype }) => datatype === 'FP16').map((output) => output.name);
    this.names = `"model_name":${JSON.stringify(name)},"model_version":${JSON.stringify(version)}`;
  }

  /**
   * Throws if a request asks for the JSON of an output that has no JSON form. Called before the run, which would
   * otherwise be wasted.
   */
  assertEncodable({ outputs, binary }: InferRequest): void {
    if (this.withoutJson.length === 0) return;
    const without = outputs.find((name, i) => !binary[i] && this.withoutJson.includes(name));
    if (without !== undefined) throw invalid(`output ${quoted(without)}: ${FP16_HAS_NO_JSON}`);
  }

  /** Encodes a response. @param outputs Outputs in the order of `request`. */
  encode(request: InferRequest, outputs: readonly Tensor[]): InferResponse {
    const blobs: Buffer[] = [];
    let json = this.beginning(request);
    for (let i = 0; i < outputs.length; i++) {
      const output = outputs[i] as Tensor;
      json += `${i > 0 ? ',' : ''}${headerOf(output)}`;
      if (request.binary[i]) {
        const blob = encodeBinaryData(output);
        blobs.push(blob);
        json += `"parameters":{"binary_data_size":${blob.length}}}`;
      } else json += `"data":${encodeJsonData(output)}}`;
    }
    json += ']}';
    // Clients expect binary data if the header is present, so it is omitted if there is none.
    if (blobs.every((blob) => blob.length === 0)) return { body: json };
    const text = Buffer.from(json);
    return { body: Buffer.concat([text, ...blobs]), jsonLength: text.length };
  }

  /**
   * Encodes large outputs as successive parts.
   * @param written For each output, its data as JSON, if the JSON is already written.
   * @returns Number of bytes of JSON before the binary data; undefined if there is no binary data.
   */
  *encodeParts(
    request: InferRequest,
    outputs: readonly Tensor[],
    written: WrittenData,
  ): Generator<Uint8Array, number | undefined, void> {
    const blobs: Buffer[] = [];
    let json = this.beginning(request);
    let length = 0;
    for (const [i, output] of outputs.entries()) {
      json += `${i > 0 ? ',' : ''}${headerOf(output)}`;
      if (request.binary[i]) {
        const blob = encodeBinaryData(output);
        blobs.push(blob);
        json += `"parameters":{"binary_data_size":${blob.length}}}`;
        continue;
      }
      const before = Buffer.from(`${json}"data":`);
      length += before.length;
      yield before;
      for (const piece of written[i] ?? jsonDataPieces(output)) {
        length += piece.length;
        yield piece;
      }
      json = '}';
    }
    const end = Buffer.from(`${json}]}`);
    yield end;
    yield* blobs;
    return blobs.every((blob) => blob.length === 0) ? undefined : length + end.length;
  }

  private beginning({ id }: InferRequest): string {
    return `{${this.names}${id === undefined ? '' : `,"id":${JSON.stringify(id)}`},"outputs":[`;
  }
}

/** Beginning of an output's JSON, up to its data. */
function headerOf({ name, datatype, shape }: Tensor): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],`;
}

/**
 * Joins the parts of an answer, and releases each part once it is copied.
 * @param capacity Upper bound of the total bytes; memory beyond the actual size is allocated but never touched.
 */
export function* joinParts(
  parts: ReturnType<InferResponseEncoder['encodeParts']>,
  capacity: number,
): Sliced<InferResponse> {
  const body = Buffer.allocUnsafeSlow(capacity);
  let at = 0;
  for (;;) {
    const step = parts.next();
    if (step.done) return { body: trimmed(body, at), jsonLength: step.value };
    for (let from = 0; from < step.value.length; from += COPY_BYTES) {
      const slice = step.value.subarray(from, from + COPY_BYTES);
      body.set(slice, at);
      at += slice.length;
      if (slice.length === COPY_BYTES) yield;
    }
  }
}

/**
 * Returns the used part of a body, as a copy if most of the buffer is unused. Without the copy, the garbage collector,
 * which counts unused bytes as well, would run more often.
 */
function trimmed(body: Buffer, length: number): Buffer {
  const used = body.subarray(0, length);
  if (length > Math.min(COPY_BYTES, body.length / 2)) return used;
  const own = Buffer.allocUnsafeSlow(length);
  own.set(used);
  return own;
}
