import { invalid } from '../errors';

export interface ImageHeader {
  readonly format: 'png' | 'jpeg';
  readonly width: number;
  readonly height: number;
}

/** https://www.w3.org/TR/png-3/#3PNGsignature */
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A start-of-image marker and the first byte of the next: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1 */
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
const START_OF_SCAN = Buffer.from([0xff, 0xda]);

/** More of them are made to keep a decoder busy: each goes through all of a picture. */
const MAX_SCANS = 100;

/** What a body is by its first bytes; a content type may say anything. */
export function imageFormat(body: Buffer): ImageHeader['format'] | undefined {
  if (startsWith(body, PNG_SIGNATURE)) return 'png';
  return startsWith(body, JPEG_START) ? 'jpeg' : undefined;
}

/** Reads a picture's size without decoding it. Throws where it is none that can be decoded. */
export function readImageHeader(body: Buffer): ImageHeader {
  const format = imageFormat(body);
  if (!format) throw invalid('the body is not a picture; send a PNG or a JPEG file');
  const header = format === 'png' ? readPng(body) : readJpeg(body);
  if (header.width === 0 || header.height === 0) throw invalid('the picture has no pixels');
  return header;
}

/** https://www.w3.org/TR/png-3/#11IHDR */
function readPng(body: Buffer): ImageHeader {
  if (body.length < 33 || body.toString('latin1', 12, 16) !== 'IHDR') throw invalid('the PNG file has no header');
  return { format: 'png', width: body.readUInt32BE(16), height: body.readUInt32BE(20) };
}

function readJpeg(body: Buffer): ImageHeader {
  const frame = findFrame(body);
  const [precision, components] = [body.readUInt8(frame + 4), body.readUInt8(frame + 9)];
  const kind = body.readUInt8(frame + 1);
  if (kind > 0xc2) throw invalid('the JPEG file is neither baseline nor progressive; save it as one of them');
  if (precision !== 8) throw invalid(`the JPEG file has ${precision} bits per channel; save it with 8`);
  if (components !== 1 && components !== 3) {
    throw invalid(`the JPEG file has ${components} channels, as CMYK has; save it as RGB or gray`);
  }
  checkScans(body, frame);
  return { format: 'jpeg', width: body.readUInt16BE(frame + 7), height: body.readUInt16BE(frame + 5) };
}

/** Where the frame header is, which follows segments of known lengths: ITU-T T.81, B.1.1.4 and B.2.2. */
function findFrame(body: Buffer): number {
  let at = 2;
  while (at + 10 <= body.length && body[at] === 0xff) {
    const marker = body.readUInt8(at + 1);
    if (isFrame(marker)) return at;
    if (marker === 0xda || isAlone(marker)) break;
    // Fill bytes may come before a marker.
    at += marker === 0xff ? 1 : 2 + body.readUInt16BE(at + 2);
  }
  throw invalid('the JPEG file has no frame header');
}

/** SOF0 to SOF15, but for the three codes among them that are others. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/**
 * Markers without a length, which have no business before the frame. A decoder passes over them: whoever took what
 * follows for their length would find another frame than the decoder does, of another size.
 */
function isAlone(marker: number): boolean {
  return marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd9);
}

/** A decoder makes up what is missing at the end of a JPEG file, which nobody would notice. */
function checkScans(body: Buffer, frame: number): void {
  let count = 0;
  let last = frame;
  for (let at = frame; (at = body.indexOf(START_OF_SCAN, at)) >= 0; at += 2) {
    last = at;
    // Not one more is looked for: a body may be made of nothing else.
    if (++count > MAX_SCANS) throw invalid(`the JPEG file has over ${MAX_SCANS} scans; save it with fewer`);
  }
  if (count === 0 || body.lastIndexOf(END_OF_IMAGE) < last) throw invalid('the JPEG file is cut short');
}

function startsWith(body: Buffer, start: Buffer): boolean {
  return body.length >= start.length && start.compare(body, 0, start.length) === 0;
}
