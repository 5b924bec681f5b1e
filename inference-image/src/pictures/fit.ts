import type { PictureInput } from '../contract/picture-input';
import { ServingError } from '../base/errors';
import { crop, flatten, pad, type Picture } from './picture';

/**
 * Number of pixels that the first pass of a resize may always produce, whatever `maxPixels` is. These pixels take 16
 * MiB.
 */
const MIN_RESIZED_PIXELS = 1024 * 1024;

export type Resize = (picture: Picture, width: number, height: number) => Picture;

/** Converts a picture to the model's size. */
export function fitPicture(picture: Picture, spec: PictureInput, resize: Resize): Picture {
  const { width, height, fit, background } = spec;
  flatten(picture, background);
  const to = (from: Picture, w: number, h: number) => {
    if (from.width === w && from.height === h) return from;
    checkProportions(from, w, h, spec);
    return resize(from, w, h);
  };
  if (fit === 'stretch') return to(picture, width, height);
  if (fit === 'cover') return to(middle(picture, width / height), width, height);
  const factor = Math.min(width / picture.width, height / picture.height);
  const inside = to(picture, sizeWithin(picture.width * factor, width), sizeWithin(picture.height * factor, height));
  return pad(inside, width, height, background);
}

/**
 * Refuses pictures that are too tall to be resized. The first pass of a resize changes the width of every row and uses
 * four floats per pixel, so its result for a very tall picture would take many times the memory of the picture.
 */
function checkProportions({ width, height }: Picture, toWidth: number, toHeight: number, { maxPixels }: PictureInput) {
  if (toWidth * height <= Math.max(maxPixels, MIN_RESIZED_PIXELS)) return;
  const what = `the picture of ${width} x ${height} pixels is too tall to be resized to ${toWidth} x ${toHeight}`;
  throw new ServingError('tooLarge', `${what}; send a picture with different proportions`);
}

/** Largest central part of a picture with the given proportions. */
function middle(picture: Picture, proportion: number): Picture {
  const width = sizeWithin(picture.height * proportion, picture.width);
  const height = sizeWithin(picture.width / proportion, picture.height);
  return crop(picture, (picture.width - width) >> 1, (picture.height - height) >> 1, width, height);
}

function sizeWithin(size: number, maximum: number): number {
  return Math.min(maximum, Math.max(1, Math.round(size)));
}
