import { invalid } from '../base/errors';
import { pictureFormat } from '../contract/picture-input';
import { findFrame } from './jpeg-segments';

export interface PictureHeader {
  readonly format: NonNullable<ReturnType<typeof pictureFormat>>;
  readonly width: number;
  readonly height: number;
}

/**
 * Reads the size of a picture without decoding it.
 *
 * @throws If the file is not a supported picture
 */
export function readPictureHeader(body: Buffer): PictureHeader {
  const format = pictureFormat(body);
  if (!format && isForm(body)) {
    throw invalid('the body is a form; send the PNG or JPEG file itself as the body, as curl --data-binary does');
  }
  if (!format) throw invalid('the body is not a picture; send a PNG or JPEG file');
  const header = format === 'png' ? readPng(body) : readJpeg(body);
  if (header.width === 0 || header.height === 0) throw invalid('the picture has no pixels');
  return header;
}

/** https://www.w3.org/TR/png-3/#11IHDR */
function readPng(body: Buffer): PictureHeader {
  if (body.length < 33 || body.toString('latin1', 12, 16) !== 'IHDR') throw invalid('the PNG file has no header');
  return { format: 'png', width: body.readUInt32BE(16), height: body.readUInt32BE(20) };
}

function readJpeg(body: Buffer): PictureHeader {
  const frame = findFrame(body);
  const [precision, components] = [body.readUInt8(frame + 4), body.readUInt8(frame + 9)];
  const kind = body.readUInt8(frame + 1);
  if (kind > 0xc2) throw invalid('the JPEG file is neither baseline nor progressive; save it as one of them');
  if (precision !== 8)
    throw invalid(`the JPEG file has ${precision} bits per channel; save it with 8 bits per channel`);
  if (components !== 1 && components !== 3) {
    throw invalid(`the JPEG file has ${components} channels, as in CMYK; save it as RGB or gray`);
  }
  return { format: 'jpeg', width: body.readUInt16BE(frame + 7), height: body.readUInt16BE(frame + 5) };
}

/**
 * Whether a body is multipart form data, as sent by `curl --form`: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
 */
export function isForm(body: Buffer): boolean {
  return body.toString('latin1', 0, 2) === '--';
}
