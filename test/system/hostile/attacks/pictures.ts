/** Attacks with pictures that are small files but are expensive to decode. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { PNG_SIGNATURE, pngChunk } from '../../../support/png';
import { again, atOnce, Tally, type Attack, type Target } from '../attack';
import { filled, MIB } from '../wire/bytes';
import { ask } from '../wire/http1';

const PROGRESSIVE = readFileSync(join(__dirname, '../../../support/pictures/progressive.jpg'));
const SCAN = 0xda;
const FRAME = 0xc2;
const END = Buffer.from([0xff, 0xd9]);

/** Width and height, in pixels, of the largest square picture that the digits example accepts. */
const SIDE = 2000;

const REFUSED = /^(HTTP (400|413|429|503)|closed.*)$/;
const ANSWERED = /^(HTTP (200|400|413|429|503)|closed.*)$/;

/** Huffman table 0 for AC coefficients. A single 0 bit ends a block. */
const AC_TABLE = Buffer.concat([Buffer.from([0xff, 0xc4, 0, 20, 0x10, 1]), Buffer.alloc(15), Buffer.of(0)]);

/** Data of a scan, with one bit per block of a component. */
const SCAN_DATA = Buffer.alloc((SIDE / 8) ** 2 / 8);

/** Beginning of a progressive JPEG of the given size, up to the first scan. */
function jpegHead(width: number, height: number): Buffer {
  const head = Buffer.from(PROGRESSIVE.subarray(0, PROGRESSIVE.indexOf(Buffer.from([0xff, SCAN]))));
  const frame = head.indexOf(Buffer.from([0xff, FRAME]));
  head.writeUInt16BE(height, frame + 5);
  head.writeUInt16BE(width, frame + 7);
  return head;
}

/** Header of a scan of the first component, for the given range of coefficients and bits. */
function scan(from: number, to: number, high: number, low: number): Buffer {
  return Buffer.from([0xff, SCAN, 0, 8, 1, 1, 0, from, to, (high << 4) | low]);
}

/**
 * JPEG with many scans, each of which covers all pixels.
 *
 * @param data Data of each scan
 */
function manyScans(scans: number, data: Buffer, side = SIDE): Buffer {
  const refinement = Buffer.concat([scan(1, 63, 1, 0), data]);
  const first = Buffer.concat([scan(0, 0, 0, 1), data, scan(1, 63, 0, 1), data]);
  return Buffer.concat([jpegHead(side, side), AC_TABLE, first, ...new Array<Buffer>(scans).fill(refinement), END]);
}

interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth?: number;
  /** Color type: 0 is gray, 2 is RGB, 3 is palette, 6 is RGB and alpha. */
  readonly color?: number;
  readonly interlaced?: boolean;
  readonly before?: readonly Buffer[];
  /** Content of the IDAT chunk. @default - zeros for all pixels */
  readonly data?: Buffer;
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 6: 4 };

function png({ width, height, depth = 8, color = 2, interlaced = false, before = [], data }: PngParts): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, color, 0, 0, interlaced ? 1 : 0], 8);
  const rowBytes = 1 + Math.ceil((width * CHANNELS[color]! * depth) / 8);
  const pixels = data ?? deflateSync(Buffer.alloc(rowBytes * height), { level: 9 });
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    ...before,
    pngChunk('IDAT', pixels),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function attack(name: string, what: string, clients: number, make: () => Buffer, more: Partial<Attack> = {}): Attack {
  return {
    name,
    what,
    statuses: ANSWERED,
    ...more,
    async run(target: Target) {
      const tally = new Tally();
      const body = make();
      const path = `/v2/models/${target.model}/classify`;
      await again(clients, target.seconds, () => ask(target, tally, { path, body }));
      return tally;
    },
  };
}

/** Chunk of a color profile or a text chunk that inflates to 100 MB. */
function packedText(type: string): Buffer {
  return pngChunk(type, Buffer.concat([Buffer.from('name\0\0'), deflateSync(Buffer.alloc(100e6), { level: 9 })]));
}

export const pictures: readonly Attack[] = [
  attack(
    'jpeg-of-many-scans',
    'a progressive JPEG of 4 million pixels and 98 scans, by 4 clients',
    4,
    () => manyScans(96, SCAN_DATA),
    { short: true },
  ),
  attack('jpeg-of-empty-scans', 'a progressive JPEG of 4 million pixels and 98 scans without data', 4, () =>
    manyScans(96, Buffer.alloc(0)),
  ),
  attack('jpeg-of-large-scans', 'a progressive JPEG of 98 scans with 100 KB of data each', 4, () =>
    manyScans(96, Buffer.alloc(100_000, 0x55)),
  ),
  attack('jpeg-of-too-many-scans', 'a JPEG of 100,000 scans', 4, () => manyScans(100_000, Buffer.alloc(0), 32), {
    statuses: REFUSED,
  }),
  attack(
    'jpeg-of-huge-size',
    'a JPEG with a declared size of 65,500 x 65,500 pixels',
    8,
    () => Buffer.concat([jpegHead(65_500, 65_500), scan(0, 0, 0, 0), END]),
    { statuses: REFUSED },
  ),
  attack(
    'jpeg-cut-short',
    'a JPEG of 4 million pixels that ends after its first scan',
    8,
    () => Buffer.concat([jpegHead(SIDE, SIDE), scan(0, 0, 0, 0)]),
    { statuses: REFUSED },
  ),
  attack(
    'jpeg-of-many-segments',
    'a JPEG with as many empty segments as fit in 8 MiB',
    4,
    () => Buffer.concat([Buffer.from([0xff, 0xd8]), filled(8 * MIB, Buffer.from([0xff, 0xe1, 0, 2])), END]),
    { statuses: REFUSED },
  ),
  attack('jpeg-of-fill-bytes', 'a JPEG of 8 MiB of fill bytes', 4, () =>
    Buffer.concat([jpegHead(32, 32), filled(8 * MIB, Buffer.of(0xff)), scan(0, 0, 0, 0), END]),
  ),
  attack(
    'png-of-zeros',
    'a PNG of 4 million pixels in a few KB, by 8 clients',
    8,
    () => png({ width: SIDE, height: SIDE }),
    { short: true },
  ),
  attack('png-of-64-bits', 'an interlaced PNG of 4 million pixels with 64 bits each in a few KB, by 8 clients', 8, () =>
    png({ width: SIDE, height: SIDE, depth: 16, color: 6 }),
  ),
  attack(
    'png-larger-than-allowed',
    'a PNG with a declared size of 100,000 x 100,000 pixels',
    8,
    () => png({ width: 100_000, height: 100_000, data: deflateSync(Buffer.alloc(100e6)) }),
    { statuses: REFUSED },
  ),
  attack(
    'png-of-more-data-than-pixels',
    'a PNG of 8 x 8 pixels whose data inflates to 400 MB',
    8,
    () => png({ width: 8, height: 8, data: deflateSync(Buffer.alloc(400e6), { level: 9 }) }),
    { short: true },
  ),
  attack('png-of-packed-profile', 'a PNG with a color profile that inflates to 100 MB', 8, () =>
    png({ width: 8, height: 8, before: [packedText('iCCP')] }),
  ),
  attack('png-of-packed-texts', 'a PNG with 40 text chunks that inflate to 100 MB each', 8, () =>
    png({ width: 8, height: 8, before: new Array<Buffer>(40).fill(packedText('zTXt')) }),
  ),
  attack('png-of-many-chunks', 'a PNG of half a million empty chunks', 4, () =>
    png({ width: 8, height: 8, before: [filled(6 * MIB, pngChunk('tEXt', Buffer.alloc(0)))] }),
  ),
  attack('png-column', 'a PNG that is 1 pixel wide and 4 million high', 8, () =>
    png({ width: 1, height: SIDE * SIDE, color: 0 }),
  ),
  attack('png-row', 'a PNG that is 4 million pixels wide and 1 high', 8, () =>
    png({ width: SIDE * SIDE, height: 1, color: 0 }),
  ),
  {
    name: 'pictures-at-once',
    what: '300 pictures of 4 million pixels at once',
    statuses: ANSWERED,
    short: true,
    async run(target) {
      const tally = new Tally();
      const body = png({ width: SIDE, height: SIDE });
      await atOnce(300, () => ask(target, tally, { path: `/v2/models/${target.model}/classify`, body }));
      return tally;
    },
  },
  {
    name: 'not-a-picture',
    what: 'bodies of the largest size that are not pictures, by 8 clients',
    statuses: REFUSED,
    async run(target) {
      const tally = new Tally();
      const body = Buffer.alloc(Math.floor(0.97 * target.maxRequestBytes));
      await again(8, target.seconds / 2, () =>
        ask(target, tally, { path: `/v2/models/${target.model}/classify`, body }),
      );
      return tally;
    },
  },
];
