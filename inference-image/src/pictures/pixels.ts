import { ServingError } from '../base/errors';
import { channelsOf, type PictureInput } from '../contract/picture-input';
import { TYPED_ARRAY } from '../tensor/tensor';

/** A decoded picture: four bytes per pixel (red, green, blue, alpha), in rows from top to bottom. */
export interface Picture {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** Part of a picture that starts at (left, top). */
export function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8ClampedArray(width * height * 4);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * picture.width + left) * 4;
    data.set(picture.data.subarray(start, start + width * 4), row * width * 4);
  }
  return { data, width, height };
}

/** Centers a picture in a larger gray area. */
export function pad(picture: Picture, width: number, height: number, gray: number): Picture {
  if (width === picture.width && height === picture.height) return picture;
  const data = new Uint8ClampedArray(width * height * 4).fill(gray);
  const left = Math.floor((width - picture.width) / 2);
  const top = Math.floor((height - picture.height) / 2);
  for (let row = 0; row < picture.height; row++) {
    const start = row * picture.width * 4;
    data.set(picture.data.subarray(start, start + picture.width * 4), ((top + row) * width + left) * 4);
  }
  return { data, width, height };
}

/** Blends transparent pixels with a gray level, in place. */
export function flatten({ data }: Picture, gray: number): void {
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3] as number;
    if (alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel++) {
      data[channel] = Math.round(((data[channel] as number) * alpha + gray * (255 - alpha)) / 255);
    }
    data[at + 3] = 255;
  }
}

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

type Elements = InstanceType<(typeof TYPED_ARRAY)[PictureInput['datatype']]>;

/** Converts a picture that already has the model's size to elements of its input. */
export function elementsOf({ data }: Picture, spec: PictureInput): Elements {
  const channels = channelsOf(spec.color);
  const pixels = data.length / 4;
  const elements = new TYPED_ARRAY[spec.datatype](pixels * channels);
  const [toPixel, toChannel] = spec.planar ? [1, pixels] : [channels, 1];
  for (let channel = 0; channel < channels; channel++) {
    const element = elementTable(spec, channel);
    // Pixels are stored as red, green, blue, alpha.
    const offset = spec.color === 'bgr' ? 2 - channel : channel;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const level = spec.color === 'gray' ? luma(data, pixel * 4) : (data[pixel * 4 + offset] as number);
      elements[pixel * toPixel + channel * toChannel] = element[level] as number;
    }
  }
  return elements;
}

/** Table with the element for each of the 256 levels of a channel. */
function elementTable({ invert, scale, mean, std }: PictureInput, channel: number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => {
    const seen = invert ? 255 - level : level;
    return (seen * scale - (mean[channel] as number)) / (std[channel] as number);
  });
}

/**
 * Luma according to ITU-R BT.601, computed with 16-bit fractions and rounded; gray levels stay unchanged:
 * https://www.itu.int/rec/R-REC-BT.601.
 */
function luma(data: Uint8ClampedArray, at: number): number {
  const [red, green, blue] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
