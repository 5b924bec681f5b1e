import { channelsOf, type PictureInput } from '../contract/picture-input';
import { TYPED_ARRAY } from '../tensor/tensor';
import type { Picture } from './picture';

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
