import { invalid } from '../errors';

const SIGNATURE_BYTES = 8;
/** Length and type before a chunk's data, and a checksum after it: https://www.w3.org/TR/png-3/#5Chunk-layout */
const BEFORE = 8;
const AFTER = 4;

/** A decoder may pass over checksums, and so over damage that makes other pixels of some. */
export function checkPngChunks(body: Buffer): void {
  for (let at = SIGNATURE_BYTES; at + BEFORE + AFTER <= body.length;) {
    const end = at + BEFORE + body.readUInt32BE(at);
    if (end + AFTER > body.length) break;
    if (crc32(body, at + 4, end) !== body.readUInt32BE(end))
      throw invalid('the PNG file is damaged: a checksum is wrong');
    if (body.toString('latin1', at + 4, at + 8) === 'IEND') return;
    at = end + AFTER;
  }
  throw invalid('the PNG file is cut short');
}

/** https://www.w3.org/TR/png-3/#D-CRCAppendix ; zlib.crc32 is younger than the oldest Node that runs this. */
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
