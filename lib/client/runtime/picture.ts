import { concatenate } from './binary-data';
import type { InferBody } from './infer-request';

/** A PNG or JPEG file. */
export type Picture = Uint8Array | ArrayBuffer | Blob;

/** Not instanceof: those of another realm are right as well. */
export function isPicture(input: object): input is Picture {
  return /^\[object (?:Uint8Array|ArrayBuffer|Blob|File)\]$/.test(Object.prototype.toString.call(input));
}

/** The server is told no deadline with it: a picture has no place for one. */
export function pictureBody(picture: Picture): InferBody {
  // Fetch takes no bytes of memory that threads share.
  const body = ArrayBuffer.isView(picture) ? concatenate([picture]) : picture;
  const isJpeg = 'type' in body ? body.type === 'image/jpeg' : new Uint8Array(body)[0] === 0xff;
  // The server only tells a picture from tensors by it, and reads the format from the picture.
  return { body, headers: { 'content-type': isJpeg ? 'image/jpeg' : 'image/png' } };
}
