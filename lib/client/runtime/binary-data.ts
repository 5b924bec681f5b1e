import { invalidAnswer } from './inference-error';
import {
  elementCount,
  NUMERIC_ARRAYS,
  type NumericArray,
  type Tensor,
  type TensorData,
  type TensorSpec,
} from './tensors';

/**
 * Encodes the elements of a tensor as bytes in row-major order, without padding. Numbers are little-endian, as in typed
 * arrays on all common machines. A string is encoded as its length in four bytes, followed by its UTF-8 bytes.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
export function encodeBinaryData({ spec: { datatype }, data }: Tensor): Uint8Array {
  if (datatype === 'BYTES') return encodeTexts(data as readonly string[]);
  if (datatype === 'BOOL') return Uint8Array.from(data as readonly boolean[], Number);
  const { buffer, byteOffset, byteLength } = data as NumericArray;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

export function decodeBinaryData(spec: TensorSpec, shape: readonly number[], buffer: ArrayBuffer): TensorData {
  const { name, datatype } = spec;
  if (datatype === 'BYTES') return decodeTexts(name, new DataView(buffer));
  const size = elementCount(shape) * (datatype === 'BOOL' ? 1 : NUMERIC_ARRAYS[datatype].BYTES_PER_ELEMENT);
  if (buffer.byteLength !== size) {
    throw invalidAnswer(
      `output ${JSON.stringify(name)} has ${buffer.byteLength} bytes; ${datatype} of shape [${shape.join(', ')}] has ${size}`,
    );
  }
  if (datatype === 'BOOL') return Array.from(new Uint8Array(buffer), (byte) => byte !== 0);
  return new NUMERIC_ARRAYS[datatype](buffer);
}

export function concatenate(parts: readonly Uint8Array[]): ArrayBuffer {
  const buffer = new ArrayBuffer(parts.reduce((size, { byteLength }) => size + byteLength, 0));
  const bytes = new Uint8Array(buffer);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return buffer;
}

function encodeTexts(texts: readonly string[]): Uint8Array {
  const encoder = new TextEncoder();
  const parts = texts.flatMap((text) => {
    const element = encoder.encode(text);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, element.byteLength, true);
    return [length, element];
  });
  return new Uint8Array(concatenate(parts));
}

function decodeTexts(name: string, view: DataView): string[] {
  // A byte order mark is part of the text.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const texts: string[] = [];
  for (let at = 0; at < view.byteLength;) {
    const start = at + 4;
    const end = start <= view.byteLength ? start + view.getUint32(at, true) : Infinity;
    if (end > view.byteLength)
      throw invalidAnswer(`output ${JSON.stringify(name)} ends within element ${texts.length}`);
    texts.push(decoder.decode(new Uint8Array(view.buffer, view.byteOffset + start, end - start)));
    at = end;
  }
  return texts;
}
