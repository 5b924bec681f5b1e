import { halfValue } from '../../../inference-image/src/contract/half';

/** Functions that read an element of a datatype from little-endian bytes, each with the element's width in bytes. */
const READERS: Record<string, [width: number, read: (bytes: Buffer, at: number) => number | bigint | boolean]> = {
  BOOL: [1, (bytes, at) => bytes[at] !== 0],
  INT8: [1, (bytes, at) => bytes.readInt8(at)],
  INT16: [2, (bytes, at) => bytes.readInt16LE(at)],
  INT32: [4, (bytes, at) => bytes.readInt32LE(at)],
  INT64: [8, (bytes, at) => bytes.readBigInt64LE(at)],
  UINT8: [1, (bytes, at) => bytes.readUInt8(at)],
  UINT16: [2, (bytes, at) => bytes.readUInt16LE(at)],
  UINT32: [4, (bytes, at) => bytes.readUInt32LE(at)],
  UINT64: [8, (bytes, at) => bytes.readBigUInt64LE(at)],
  FP16: [2, (bytes, at) => halfValue(bytes.readUInt16LE(at))],
  FP32: [4, (bytes, at) => bytes.readFloatLE(at)],
  FP64: [8, (bytes, at) => bytes.readDoubleLE(at)],
};

export type Element = number | bigint | boolean | string;

/** Reads the elements of a numeric tensor from its bytes. */
export function elementsOf(datatype: string, bytes: Buffer): Element[] {
  const [width, read] = READERS[datatype]!;
  return Array.from({ length: bytes.length / width }, (_, index) => read(bytes, index * width));
}

/** Encodes strings in the protocol's binary format, in which each string is preceded by its length. */
export function textsToBytes(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

export function bytesToTexts(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    texts.push(bytes.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}
