import { createInflate } from 'node:zlib';
import { invalid } from '../base/errors';

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
