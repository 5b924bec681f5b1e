import { deflateSync } from 'node:zlib';
import { crc32 } from '../../inference-image/src/pictures/png';

/** Color types of PNG by name: https://www.w3.org/TR/png-3/#6Colour-values */
export const PNG_COLORS = { gray: 0, rgb: 2, palette: 3, rgba: 6 } as const;

export const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

export interface PngOptions {
  /** @default 8 */
  readonly bitDepth?: number;
  /** Colors of the palette, with three bytes per color. */
  readonly palette?: readonly number[];
}

/** PNG file with the given rows of bytes. */
export function png(color: keyof typeof PNG_COLORS, width: number, rows: number[][], options: PngOptions = {}): Buffer {
  const { bitDepth = 8, palette } = options;
  const header = Buffer.from([...[width, rows.length].flatMap(bytes32), bitDepth, PNG_COLORS[color], 0, 0, 0]);
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    ...(palette ? [pngChunk('PLTE', Buffer.from(palette))] : []),
    pngChunk('IDAT', deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Chunk with its length and checksum: https://www.w3.org/TR/png-3/#5Chunk-layout */
export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([Buffer.from(bytes32(data.length)), body, Buffer.from(bytes32(crc32(body, 0, body.length)))]);
}

function bytes32(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
}
