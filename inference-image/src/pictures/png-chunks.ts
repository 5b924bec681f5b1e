import { invalid } from '../base/errors';

const SIGNATURE_BYTES = 8;
/**
 * Number of bytes before a chunk's data, which contain its length and type; a checksum follows the data:
 * https://www.w3.org/TR/png-3/#5Chunk-layout
 */
const BEFORE = 8;
const AFTER = 4;

/**
 * Types of the chunks that are needed for the pixels. All other chunks are dropped, because a decoder would inflate
 * some of them, such as color profiles, to any size, and would process animations.
 */
const NEEDED = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];

/** Chunks of a PNG file that a decoder needs. */
interface PngChunks {
  /** PNG file with only the needed chunks; the original file if it has no other chunks. */
  readonly file: Uint8Array;
  /** Compressed pixels: the contents of the IDAT chunks. */
  readonly data: readonly Buffer[];
}

/**
 * Extracts the chunks that are needed for the pixels. Verifies their checksums, because a decoder may ignore them and
 * return wrong pixels.
 */
export function neededPngChunks(body: Buffer): PngChunks {
  const kept: Buffer[] = [body.subarray(0, SIGNATURE_BYTES)];
  const data: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at + BEFORE + AFTER <= body.length;) {
    const end = at + BEFORE + body.readUInt32BE(at);
    if (end + AFTER > body.length) break;
    if (crc32(body, at + 4, end) !== body.readUInt32BE(end))
      throw invalid('the PNG file is damaged: a checksum is wrong');
    const type = body.toString('latin1', at + 4, at + 8);
    if (NEEDED.includes(type)) kept.push(body.subarray(at, end + AFTER));
    if (type === 'IDAT') data.push(body.subarray(at + BEFORE, end));
    if (type === 'IEND') return { file: joined(kept, body), data };
    at = end + AFTER;
  }
  throw invalid('the PNG file is truncated');
}

function joined(parts: readonly Buffer[], body: Buffer): Uint8Array {
  const length = parts.reduce((total, part) => total + part.length, 0);
  return length === body.length ? body : Buffer.concat(parts, length);
}

/** Table for CRC-32, because the oldest supported Node has no zlib.crc32: https://www.w3.org/TR/png-3/#D-CRCAppendix */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? 0xedb88320 ^ (remainder >>> 1) : remainder >>> 1;
  return remainder;
});

export function crc32(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff;
  for (let at = from; at < to; at++) {
    crc = (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
