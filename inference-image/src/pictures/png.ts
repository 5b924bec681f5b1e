import { createInflate } from 'node:zlib';
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

/** Maximum ratio of inflated to compressed bytes: https://www.zlib.net/zlib_tech.html */
const MAX_RATIO = 1032;
/** Inflated sizes up to this limit are not checked, because such data is inflated quickly. */
const MIN_BYTES = 64 * 1024 * 1024;
/** Factor that allows for the additional rows of interlaced pictures, each of which has a filter byte. */
const SLACK = 2;
const PIECE_BYTES = 256 * 1024;

/** Samples per pixel by color type: https://www.w3.org/TR/png-3/#6Colour-values */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Checks that the compressed pixels of a PNG file do not inflate to many times its size, because a decoder inflates all
 * of them.
 *
 * @param header The file, or at least its beginning with the header
 * @param data Contents of IDAT
 */
export async function checkPngData(header: Buffer, data: readonly Buffer[]): Promise<void> {
  const compressed = data.reduce((total, part) => total + part.length, 0);
  const [width, height] = [header.readUInt32BE(16), header.readUInt32BE(20)];
  const bits = header.readUInt8(24) * (SAMPLES[header.readUInt8(25)] ?? 0);
  const needed = height * (1 + Math.ceil((width * bits) / 8));
  const limit = Math.max(SLACK * needed, MIN_BYTES);
  if (compressed * MAX_RATIO <= limit) return;
  if (await inflatesBeyond(data, limit)) {
    throw invalid(`the PNG file has more data than its ${width} x ${height} pixels need; save it again`);
  }
}

/**
 * Whether data inflates to more bytes than the limit. Resolves to false if it cannot be inflated; the decoder then
 * reports the error.
 */
function inflatesBeyond(data: readonly Buffer[], limit: number): Promise<boolean> {
  return new Promise((resolve) => {
    const inflate = createInflate({ chunkSize: PIECE_BYTES });
    let length = 0;
    inflate.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length > limit) inflate.destroy();
    });
    inflate.on('error', () => {});
    inflate.on('close', () => resolve(length > limit));
    for (const part of data) inflate.write(part);
    inflate.end();
  });
}
