import { concatenate } from './binary-data';
import type { InferBody } from './infer-request';

/** A PNG or JPEG file. */
export type Picture = Uint8Array | ArrayBuffer | Blob;

/** Not instanceof, which would reject objects of another realm. */
export function isPicture(input: object): input is Picture {
  return /^\[object (?:Uint8Array|ArrayBuffer|Blob|File)\]$/.test(Object.prototype.toString.call(input));
}

/** Body with a picture. Pictures cannot carry a deadline. */
export function pictureBody(picture: Picture): InferBody {
  // fetch rejects views of shared memory.
  const body = ArrayBuffer.isView(picture) ? concatenate([picture]) : picture;
  const isJpeg = 'type' in body ? body.type === 'image/jpeg' : new Uint8Array(body)[0] === 0xff;
  // The server only distinguishes pictures from tensors by this type, and reads the format from the picture.
  return { body, headers: { 'content-type': isJpeg ? 'image/jpeg' : 'image/png' } };
}
