import { invalid } from '../errors';
import { findFrame } from './jpeg-segments';

export interface ImageHeader {
  readonly format: 'png' | 'jpeg';
  readonly width: number;
  readonly height: number;
}

/** https://www.w3.org/TR/png-3/#3PNGsignature */
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A start-of-image marker and the first byte of the next: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1 */
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

/** What a body is by its first bytes; a content type may say anything. */
export function imageFormat(body: Buffer): ImageHeader['format'] | undefined {
  if (startsWith(body, PNG_SIGNATURE)) return 'png';
  return startsWith(body, JPEG_START) ? 'jpeg' : undefined;
}

/** Reads a picture's size without decoding it. Throws where it is none that can be decoded. */
export function readImageHeader(body: Buffer): ImageHeader {
  const format = imageFormat(body);
  if (!format && isForm(body)) {
    throw invalid('the body is a form; send the PNG or JPEG file itself as the body, as curl --data-binary does');
  }
  if (!format) throw invalid('the body is not a picture; send a PNG or a JPEG file');
  const header = format === 'png' ? readPng(body) : readJpeg(body);
  if (header.width === 0 || header.height === 0) throw invalid('the picture has no pixels');
  return header;
}

/** As `curl --form` sends it: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
function isForm(body: Buffer): boolean {
  return body.toString('latin1', 0, 2) === '--';
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
  return { format: 'jpeg', width: body.readUInt16BE(frame + 7), height: body.readUInt16BE(frame + 5) };
}

function startsWith(body: Buffer, start: Buffer): boolean {
  return body.length >= start.length && start.compare(body, 0, start.length) === 0;
}
