import type { ModelManifest } from '../contract/model-manifest';
import { quoted } from '../cut-text';
import { invalid } from '../errors';
import type { Tensor } from '../inference/tensor';
import { encodeBinaryData } from './binary-data';
import type { InferRequest } from './infer-request';
import { encodeJsonData, FP16_HAS_NO_JSON, jsonDataPieces } from './json-data';
import { COPY_BYTES, type Sliced } from './sliced-work';

export interface InferResponse {
  /** JSON alone, or JSON followed by binary data. */
  readonly body: string | Buffer;
  /** Bytes of JSON before the binary data; undefined where there is none. */
  readonly jsonLength?: number;
}

/** The JSON of the data of some outputs, in pieces that follow each other. */
type WrittenData = ReadonlyArray<readonly Uint8Array[] | undefined>;

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

  /** @param outputs In the order that `request` asks for. */
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
    // Clients look for binary data by the header, so it is there only if some is.
    if (blobs.every((blob) => blob.length === 0)) return { body: json };
    const text = Buffer.from(json);
    return { body: Buffer.concat([text, ...blobs]), jsonLength: text.length };
  }

  /**
   * The same for large outputs, in parts that follow each other.
   * @param written The JSON of the data of some of them, where it is there already.
   * @returns Bytes of JSON before the binary data; undefined where there is none.
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

/** Of an object that ends with its data. */
function headerOf({ name, datatype, shape }: Tensor): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}],`;
}

/**
 * One body of an answer's parts, each of which is let go of once it is copied.
 * @param capacity Bytes that they have at most; only those that they have are ever touched.
 */
export function* joinParts(
  parts: ReturnType<InferResponseEncoder['encodeParts']>,
  capacity: number,
): Sliced<InferResponse> {
  const body = Buffer.allocUnsafeSlow(capacity);
  let at = 0;
  for (;;) {
    const step = parts.next();
    if (step.done) return { body: withoutRoom(body, at), jsonLength: step.value };
    for (let from = 0; from < step.value.length; from += COPY_BYTES) {
      const slice = step.value.subarray(from, from + COPY_BYTES);
      body.set(slice, at);
      at += slice.length;
      if (slice.length === COPY_BYTES) yield;
    }
  }
}

/**
 * The beginning of a body. Where most of it is room that was never used, a body of its own: the garbage collector counts
 * all bytes of a buffer, used or not, and runs as often.
 */
function withoutRoom(body: Buffer, length: number): Buffer {
  const used = body.subarray(0, length);
  if (length > Math.min(COPY_BYTES, body.length / 2)) return used;
  const own = Buffer.allocUnsafeSlow(length);
  own.set(used);
  return own;
}
