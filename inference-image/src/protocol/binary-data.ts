import { isUtf8 } from 'node:buffer';
import { type Datatype, elementCount } from '../contract/signature';
import { invalid } from '../errors';
import { TYPED_ARRAY, type NumericData, type Tensor, type TensorData, type TensorHeader } from '../inference/tensor';
import { isRoundTripText } from './json-elements';

/**
 * Tensors as bytes, the same over HTTP and gRPC: little-endian (as every platform of Node 20 and later), row-major,
 * no padding; an element of BYTES is its length as a 32-bit integer, then its bytes.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
export function decodeBinaryData({ datatype, shape }: TensorHeader, bytes: Buffer): TensorData {
  const count = elementCount(shape);
  if (datatype === 'BYTES') {
    const texts = decodeTexts(bytes);
    if (texts.length === count) return texts;
    throw invalid(`its binary data has ${texts.length} elements; shape [${shape}] takes ${count}`);
  }
  const size = count * TYPED_ARRAY[datatype].BYTES_PER_ELEMENT;
  if (bytes.length !== size) {
    throw invalid(`its binary data has ${bytes.length} bytes; ${datatype} of shape [${shape}] takes ${size}`);
  }
  if (datatype === 'BOOL' && bytes.some((byte) => byte > 1)) {
    throw invalid('an element of its binary data is neither 0 nor 1, as BOOL takes');
  }
  // A copy: it is aligned, and its buffer can be handed to another thread.
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return new TYPED_ARRAY[datatype](copy as ArrayBuffer);
}

export function encodeBinaryData({ datatype, data }: Tensor): Buffer {
  if (datatype === 'BYTES') return encodeTexts(data as string[]);
  const { buffer, byteOffset, byteLength } = data as NumericData;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** How many elements `bytes` holds, where only they can tell: a raw request does not give its shape. */
export function countElements(datatype: Datatype, bytes: Buffer): number {
  if (datatype === 'BYTES') return decodeTexts(bytes).length;
  return bytes.length / TYPED_ARRAY[datatype].BYTES_PER_ELEMENT;
}

function decodeTexts(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + 4;
    const end = start <= bytes.length ? start + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) throw invalid(`its binary data ends within element ${texts.length}`);
    const element = bytes.subarray(start, end);
    const text = element.toString('utf8');
    if (!isUtf8(element) || !isRoundTripText(text)) {
      throw invalid(`element ${texts.length} of its binary data is not UTF-8 text without U+0000`);
    }
    texts.push(text);
    at = end;
  }
  return texts;
}

function encodeTexts(texts: readonly string[]): Buffer {
  const parts = texts.flatMap((text) => {
    const element = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(element.length);
    return [length, element];
  });
  return Buffer.concat(parts);
}
