import { createInflate } from 'node:zlib';
import { invalid } from '../errors';

/** No byte of deflate becomes more bytes than these: https://www.zlib.net/zlib_tech.html */
const MAX_RATIO = 1032;
/** Less takes no time that matters, whatever it should have been. */
const MIN_BYTES = 64 * 1024 * 1024;
/** Interlaced pictures have more rows, each with a byte for its filter. */
const SLACK = 2;
const PIECE_BYTES = 256 * 1024;

/** Samples of a pixel by color type: https://www.w3.org/TR/png-3/#6Colour-values */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Goes through the compressed pixels of a PNG file, where they could be many times what its size needs: a decoder
 * inflates all of them, whatever they are. @param header The file from its beginning. @param data The contents of IDAT.
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

/** Resolves with false where it cannot be inflated: the decoder says what is wrong. */
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
