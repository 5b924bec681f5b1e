import { shapeText } from '../base/cut-text';
import { invalid } from '../base/errors';
import { describe } from '../base/fields';
import { COPY_BYTES, finish, type Sliced } from '../base/sliced-work';
import type { Holding } from '../budget/memory-budget';
import { type Datatype, elementCount } from '../contract/signature';
import { MAX_TEXTS } from '../tensor/input-checks';
import { countTexts, isPacked, LENGTH_BYTES, type PackedTexts, textBytes, unpackTexts } from '../tensor/packed-texts';
import { type NumericData, type Tensor, type TensorData, type TensorHeader, TYPED_ARRAY } from '../tensor/tensor';

/** Number of bytes of strings, including their lengths, that take a few milliseconds to write. */
const SLICE_BYTES = 256 * 1024;

/**
 * Decodes a tensor from bytes. The format is the same over HTTP and gRPC: little-endian, row-major, without padding. An
 * element of BYTES is its length as a 32-bit integer, followed by its bytes. All platforms that onnxruntime-node
 * supports are little-endian.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
 */
export function decodeBinaryData(header: TensorHeader, bytes: Buffer, holding?: Holding): TensorData {
  const data = readBinaryData(header, bytes, holding);
  return isPacked(data) ? unpackTexts(data) : data;
}

/**
 * Decodes a tensor, but leaves strings as bytes, which are validated when they are unpacked.
 * @param holding Counts the memory of the elements, including the memory that strings take once they are unpacked.
 */
export function readBinaryData(header: TensorHeader, bytes: Buffer, holding?: Holding): NumericData | PackedTexts {
  checkBinaryData(header, bytes);
  return copyBinaryData(header, bytes, holding);
}

/**
 * First step of decoding: checks, without copying the bytes, that they are valid elements of a tensor with this header.
 */
export function checkBinaryData({ datatype, shape }: TensorHeader, bytes: Buffer): void {
  const count = elementCount(shape);
  if (datatype === 'BYTES') {
    const given = countTexts(bytes, Math.max(count, MAX_TEXTS));
    if (given === count) return;
    const many = given > MAX_TEXTS ? `more than ${MAX_TEXTS}` : given;
    throw invalid(`its binary data has ${many} elements; shape ${shapeText(shape)} needs ${count}`);
  }
  const size = count * TYPED_ARRAY[datatype].BYTES_PER_ELEMENT;
  if (bytes.length !== size) {
    throw invalid(
      `its binary data has ${bytes.length} bytes; ${datatype} of shape ${shapeText(shape)} needs ${size} bytes`,
    );
  }
  if (datatype === 'BOOL' && !areBooleans(bytes)) {
    throw invalid('an element of its binary data is neither 0 nor 1, which BOOL requires');
  }
}

/** Second step of decoding: copies the elements. @param bytes Bytes that passed the first step. */
export function copyBinaryData(
  { datatype, shape }: TensorHeader,
  bytes: Buffer,
  holding?: Holding,
): NumericData | PackedTexts {
  if (datatype === 'BYTES') {
    const count = elementCount(shape);
    holding?.add(textBytes(count, bytes.length));
    return { packed: bytes, count };
  }
  holding?.add(bytes.length);
  // The copy is aligned, and its buffer can be transferred to another thread.
  const copy = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  return new TYPED_ARRAY[datatype](copy);
}

export function encodeBinaryData({ datatype, data }: Tensor): Buffer {
  if (datatype === 'BYTES') return encodeTexts(data as string[]);
  const { buffer, byteOffset, byteLength } = data as NumericData;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Counts the elements in `bytes`. Used for raw requests, which have no shape. */
export function countElements(datatype: Datatype, bytes: Buffer): number {
  if (datatype === 'BYTES') return countTexts(bytes, MAX_TEXTS);
  return bytes.length / TYPED_ARRAY[datatype].BYTES_PER_ELEMENT;
}

/** Whether all bytes are 0 or 1. Checks four bytes at a time, except before the first and after the last whole word. */
function areBooleans(bytes: Buffer): boolean {
  const { buffer, byteOffset, length } = bytes;
  const from = Math.min(-byteOffset & 3, length);
  const wordCount = (length - from) >>> 2;
  let bits = 0;
  if (wordCount > 0) for (const word of new Uint32Array(buffer, byteOffset + from, wordCount)) bits |= word;
  for (const byte of bytes.subarray(0, from)) bits |= byte;
  for (const byte of bytes.subarray(from + 4 * wordCount)) bits |= byte;
  return (bits & ~0x01010101) === 0;
}

function encodeTexts(texts: readonly string[]): Buffer {
  const bytes = Buffer.allocUnsafe(packedTextBytes(texts));
  finish(writeTexts(texts, bytes, 0));
  return bytes;
}

/** Number of bytes that a tensor takes as binary data. */
export function binaryDataBytes({ data }: Tensor): number {
  return Array.isArray(data) ? packedTextBytes(data) : data.byteLength;
}

/** Writes a tensor's binary data into an existing buffer. @returns The end of the data. */
export function* writeBinaryData(tensor: Tensor, bytes: Buffer, start: number): Sliced<number> {
  if (Array.isArray(tensor.data)) return yield* writeTexts(tensor.data, bytes, start);
  const content = encodeBinaryData(tensor);
  for (let from = 0; from < content.length; from += COPY_BYTES) {
    if (from > 0) yield;
    content.copy(bytes, start + from, from, from + COPY_BYTES);
  }
  return start + content.length;
}

function* writeTexts(texts: readonly string[], bytes: Buffer, start: number): Sliced<number> {
  let at = start;
  let sliceEnd = at + SLICE_BYTES;
  for (const text of texts) {
    const length = bytes.write(text, at + LENGTH_BYTES, 'utf8');
    bytes.writeUInt32LE(length, at);
    at += LENGTH_BYTES + length;
    if (at < sliceEnd) continue;
    yield;
    sliceEnd = at + SLICE_BYTES;
  }
  return at;
}

/** Number of bytes that strings take as binary data. */
export function packedTextBytes(texts: readonly string[]): number {
  let length = LENGTH_BYTES * texts.length;
  for (const text of texts) length += Buffer.byteLength(text, 'utf8');
  return length;
}

/** Reads the binary data that follows a request's JSON, in the order of its inputs. */
export class BlobReader {
  constructor(
    private readonly body: Buffer,
    private at: number,
    private readonly holding?: Holding,
  ) {}

  /**
   * Checks the next input's binary data.
   * @param size The input's `binary_data_size`, as sent by the client.
   * @returns A function that copies the data.
   */
  read(header: TensorHeader, size: unknown): () => NumericData | PackedTexts {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw invalid(`binary_data_size is ${describe(size)}; it must be a number of bytes`);
    }
    const left = this.body.length - this.at;
    if (size > left) throw invalid(`binary_data_size is ${size}, but the body has only ${left} bytes left`);
    const bytes = this.body.subarray(this.at, this.at + size);
    this.at += size;
    checkBinaryData(header, bytes);
    return () => copyBinaryData(header, bytes, this.holding);
  }

  finish(): void {
    const left = this.body.length - this.at;
    if (left > 0)
      throw invalid(
        `the body has ${left} bytes after its JSON and the binary data of its inputs; remove them, or correct binary_data_size`,
      );
  }
}
