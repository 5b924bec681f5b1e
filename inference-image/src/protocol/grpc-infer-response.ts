import type { Holding } from '../budget/memory-budget';
import type { ModelManifest } from '../contract/model-manifest';
import type { TensorSignature } from '../contract/signature';
import { dataBytes, type Tensor } from '../tensor/tensor';
import { binaryDataBytes, writeBinaryData } from './binary-data';
import type { Sliced } from '../base/sliced-work';
import { bytesField, fieldStart, PREFIX_BYTES, varintLength, writeVarint } from './wire-format';

/** Message type of an answer: a ModelInferResponse, or a ModelStreamInferResponse that contains one. */
export type ResponseForm = 'response' | 'streamResponse';

/**
 * Writes the ModelInferResponses of one model as gRPC frames, including the prefix. Outputs are always raw, whatever
 * the form of the inputs, because all clients can read raw outputs.
 */
export class GrpcInferResponseEncoder {
  private readonly model: Buffer;
  /** Encoded name and datatype fields of each output. */
  private readonly outputs: ReadonlyMap<string, Buffer>;

  constructor({ name, version, signature }: Pick<ModelManifest, 'name' | 'version' | 'signature'>) {
    this.model = Buffer.concat([bytesField(1, Buffer.from(name)), bytesField(2, Buffer.from(version))]);
    this.outputs = new Map(signature.outputs.map((output) => [output.name, outputFields(output)]));
  }

  /** Encodes a response. @param holding Counts the memory of the outputs and of the message before it is written. */
  *encode(id: string | undefined, outputs: readonly Tensor[], form: ResponseForm, holding: Holding): Sliced<Buffer> {
    holding.add(dataBytes(outputs));
    const idField = id ? bytesField(3, Buffer.from(id)) : undefined;
    const contents = outputs.map(binaryDataBytes);
    const sizes = outputs.map((output) => this.headerLength(output));
    let length = this.model.length + (idField?.length ?? 0);
    for (const size of sizes) length += 1 + varintLength(size) + size;
    for (const size of contents) length += 1 + varintLength(size) + size;
    const isStream = form === 'streamResponse';
    const whole = isStream ? 1 + varintLength(length) + length : length;
    holding.add(PREFIX_BYTES + whole);
    const bytes = Buffer.allocUnsafe(PREFIX_BYTES + whole);
    bytes[0] = 0;
    bytes.writeUInt32BE(whole, 1);
    let at = PREFIX_BYTES;
    if (isStream) at = fieldStart(bytes, at, 2, length);
    at += this.model.copy(bytes, at);
    if (idField) at += idField.copy(bytes, at);
    outputs.forEach((output, i) => {
      at = this.writeHeader(bytes, fieldStart(bytes, at, 5, sizes[i] as number), output);
    });
    for (let i = 0; i < outputs.length; i++) {
      at = fieldStart(bytes, at, 6, contents[i] as number);
      at = yield* writeBinaryData(outputs[i] as Tensor, bytes, at);
    }
    return bytes;
  }

  private headerLength({ name, shape }: Tensor): number {
    const sizes = sizesLength(shape);
    return (this.outputs.get(name) as Buffer).length + (sizes === 0 ? 0 : 1 + varintLength(sizes) + sizes);
  }

  private writeHeader(bytes: Buffer, start: number, { name, shape }: Tensor): number {
    let at = start + (this.outputs.get(name) as Buffer).copy(bytes, start);
    if (shape.length === 0) return at;
    at = fieldStart(bytes, at, 3, sizesLength(shape));
    for (const size of shape) at = writeVarint(bytes, at, size);
    return at;
  }
}

function outputFields({ name, datatype }: TensorSignature): Buffer {
  return Buffer.concat([bytesField(1, Buffer.from(name)), bytesField(2, Buffer.from(datatype))]);
}

function sizesLength(shape: readonly number[]): number {
  let length = 0;
  for (const size of shape) length += varintLength(size);
  return length;
}
