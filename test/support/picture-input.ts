import type { PictureInput } from '../../inference-image/src/contract/picture-input';

/** Picture input of a model that takes pictures of 2 x 2 pixels with unchanged levels. */
export const PICTURE: PictureInput = {
  input: 'x',
  datatype: 'UINT8',
  shape: [1, 2, 2, 3],
  width: 2,
  height: 2,
  color: 'rgb',
  planar: false,
  invert: false,
  fit: 'stretch',
  background: 255,
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  maxPixels: 100_000,
};
