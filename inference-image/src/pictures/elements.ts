import { channelsOf, type PictureInput } from '../contract/picture-input';
import { TYPED_ARRAY } from '../inference/tensor';
import type { Picture } from './picture';

type Elements = InstanceType<(typeof TYPED_ARRAY)[PictureInput['datatype']]>;

/** Elements of the model's input, from a picture of the right size. */
export function elementsOf({ data }: Picture, spec: PictureInput): Elements {
  const channels = channelsOf(spec.color);
  const pixels = data.length / 4;
  const elements = new TYPED_ARRAY[spec.datatype](pixels * channels);
  const [toPixel, toChannel] = spec.planar ? [1, pixels] : [channels, 1];
  for (let channel = 0; channel < channels; channel++) {
    const element = elementTable(spec, channel);
    // The first byte of a pixel is red.
    const offset = spec.color === 'bgr' ? 2 - channel : channel;
    for (let pixel = 0; pixel < pixels; pixel++) {
      const level = spec.color === 'gray' ? luma(data, pixel * 4) : (data[pixel * 4 + offset] as number);
      elements[pixel * toPixel + channel * toChannel] = element[level] as number;
    }
  }
  return elements;
}

/** Element for each of the 256 levels of a channel. */
function elementTable({ invert, scale, mean, std }: PictureInput, channel: number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, level) => {
    const seen = invert ? 255 - level : level;
    return (seen * scale - (mean[channel] as number)) / (std[channel] as number);
  });
}

/** ITU-R BT.601 with sixteen bits, rounded: https://www.itu.int/rec/R-REC-BT.601. Gray levels stay unchanged. */
function luma(data: Uint8ClampedArray, at: number): number {
  const [red, green, blue] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}
