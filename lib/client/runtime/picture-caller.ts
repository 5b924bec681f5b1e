import { concatenate } from './binary-data';
import { Caller } from './caller';
import type { InferBody } from './infer-request';
import type { TensorSpec } from './tensors';

/** Caller for models that accept pictures as well as tensors. */
export class PictureCaller extends Caller {
  protected override encode(input: object, outputs: readonly TensorSpec[]): (remaining: number) => InferBody {
    if (!isPicture(input)) return super.encode(input, outputs);
    const body = pictureBody(input);
    return () => body;
  }
}

/** A PNG or JPEG file. */
export type Picture = Uint8Array | ArrayBuffer | Blob;

/** Whether an input is a picture. Does not use instanceof, which would reject objects from another realm. */
export function isPicture(input: object): input is Picture {
  return /^\[object (?:Uint8Array|ArrayBuffer|Blob|File)\]$/.test(Object.prototype.toString.call(input));
}

/** Body of a request with a picture. Such a request cannot carry a deadline. */
export function pictureBody(picture: Picture): InferBody {
  // Views are copied because fetch rejects views of shared memory.
  const body = ArrayBuffer.isView(picture) ? concatenate([picture]) : picture;
  const isJpeg = 'type' in body ? body.type === 'image/jpeg' : new Uint8Array(body)[0] === 0xff;
  // The server uses this type only to distinguish pictures from tensors. It detects the format from the bytes.
  return { body, headers: { 'content-type': isJpeg ? 'image/jpeg' : 'image/png' } };
}
