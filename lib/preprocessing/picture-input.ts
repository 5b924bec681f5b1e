import { PICTURE_COLORS, PICTURE_DATATYPES, PICTURE_FITS } from '../../inference-image/src/contract/constants';
import { channelsOf, DEFAULT_MAX_PIXELS, type PictureInput } from '../../inference-image/src/contract/picture-input';
import type { Signature, TensorSignature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import { preprocessingErrors as errors } from './errors';
import { AXES, fitLayout, LAYOUTS, type Layout } from './layout';

/** How a picture (PNG or JPEG) is converted to the model's input. Use the values that the model was trained with. */
export interface PictureInputProps {
  /**
   * Name of the input.
   *
   * @default - the only input
   */
  readonly input?: string;

  /**
   * Width of the model's input in pixels. Pictures of other sizes are resized.
   *
   * @default - the width in the signature
   */
  readonly width?: number;

  /**
   * Height of the model's input in pixels. Pictures of other sizes are resized.
   *
   * @default - the height in the signature
   */
  readonly height?: number;

  /** The channels and their order. Color is converted to gray as in ITU-R BT.601 and Pillow's `convert('L')`. */
  readonly color: 'gray' | 'rgb' | 'bgr';

  /**
   * The axes of the tensor: N pictures (one), C channels, H rows, W columns; or `flat`, row by row, pixel by pixel.
   *
   * @default - the layout that fits the signature
   */
  readonly layout?: Layout;

  /**
   * Factor for each level from 0 to 255, applied before `mean` and `std`.
   *
   * @default - 1/255, which gives levels from 0 to 1; 1 for a UINT8 input
   */
  readonly scale?: number;

  /**
   * Value to subtract after `scale`: one number, or one for each channel in the order of `color`.
   *
   * @default 0
   */
  readonly mean?: number | readonly number[];

  /**
   * Divisor to apply after `mean`: one number, or one for each channel in the order of `color`.
   *
   * @default 1
   */
  readonly std?: number | readonly number[];

  /**
   * Whether to invert levels (255 becomes 0) first: for a model trained on white-on-black pictures whose clients send
   * black-on-white ones.
   *
   * @default false
   */
  readonly invert?: boolean;

  /**
   * How a picture with different proportions is resized. `stretch` distorts it, `cover` crops the longer side equally
   * at both ends, and `contain` places the whole picture on `background`.
   *
   * @default 'stretch'
   */
  readonly fit?: 'stretch' | 'cover' | 'contain';

  /**
   * Gray level, from 0 (black) to 255 (white), behind transparent pixels and around a picture if `fit` is `contain`.
   *
   * @default 255
   */
  readonly background?: number;

  /**
   * Maximum number of pixels in a picture before it is resized. A larger picture is refused with status 413 before it
   * is decoded. The container's default memory has room for one picture of this size, at 24 bytes per pixel.
   *
   * @default 16777216, which is 4096 x 4096
   */
  readonly maxPixels?: number;
}

const PROPS = [
  ...['input', 'width', 'height', 'color', 'layout', 'scale', 'mean', 'std'],
  ...['invert', 'fit', 'background', 'maxPixels'],
];

/** Fills in missing props from the signature, for model.json, or returns the problems of the props. */
export function resolvePictureInput(
  path: string,
  props: PictureInputProps,
  { inputs }: Signature,
): { picture?: PictureInput; problems: Problem[] } {
  const problems = checkProps(path, props);
  const input = inputs.find(({ name }) => name === (props.input ?? inputs[0]?.name));
  if (!input) problems.push(errors.inputUnknown(path, props.input as string, inputs));
  else if (inputs.length > 1) problems.push(errors.severalInputs(path, inputs));
  else if (!isOneOf(PICTURE_DATATYPES, input.datatype)) problems.push(errors.datatype(path, input));
  if (problems.length > 0 || !input) return { problems };
  return fitInput(path, props, input);
}

function fitInput(
  path: string,
  props: PictureInputProps,
  input: TensorSignature,
): ReturnType<typeof resolvePictureInput> {
  const { color, fit = 'stretch', invert = false, background = 255, maxPixels = DEFAULT_MAX_PIXELS } = props;
  const channels = channelsOf(color);
  const fitted = fitLayout(path, props, input, channels);
  if ('code' in fitted) return { problems: [fitted] };
  const datatype = input.datatype as PictureInput['datatype'];
  const { layout, width, height, shape } = fitted;
  const picture = {
    input: input.name,
    datatype,
    shape,
    width,
    height,
    color,
    planar: AXES[layout].startsWith('C') || AXES[layout].startsWith('NC'),
    invert,
    fit,
    background,
    scale: props.scale ?? (datatype === 'UINT8' ? 1 : 1 / 255),
    mean: eachChannel(props.mean ?? 0, channels),
    std: eachChannel(props.std ?? 1, channels),
    maxPixels,
  };
  const changes = ['scale', 'mean', 'std'].filter((prop) => props[prop as 'scale'] !== undefined);
  if (datatype === 'UINT8' && changes.length > 0) return { problems: [errors.scaledBytes(path, input, changes)] };
  return { picture, problems: [] };
}

function checkProps(path: string, props: PictureInputProps): Problem[] {
  const problems = Object.keys(props)
    .filter((prop) => !PROPS.includes(prop))
    .map((prop) => errors.settingUnknown(path, prop, PROPS));
  const check = <K extends keyof PictureInputProps>(prop: K, isValid: (value: unknown) => boolean, allowed: string) => {
    if (props[prop] !== undefined && !isValid(props[prop])) {
      problems.push(errors.settingInvalid(path, prop, props[prop], allowed));
    }
  };
  const oneOf = (values: readonly string[]) => (value: unknown) => values.includes(value as string);
  if (!isOneOf(PICTURE_COLORS, props.color)) {
    return [errors.settingInvalid(path, 'color', props.color, `one of ${PICTURE_COLORS.join(', ')}`)];
  }
  const channels = channelsOf(props.color);
  const numbers = channels === 1 ? 'a number' : 'a number, or a list of three numbers';
  check('layout', oneOf(LAYOUTS), `one of ${LAYOUTS.join(', ')}`);
  check('invert', (value) => typeof value === 'boolean', 'true or false');
  check('fit', oneOf(PICTURE_FITS), `one of ${PICTURE_FITS.join(', ')}`);
  check('width', isPositive, 'a whole number, at least 1');
  check('height', isPositive, 'a whole number, at least 1');
  check('maxPixels', isPositive, 'a whole number, at least 1');
  check('scale', (value) => Number.isFinite(value) && value !== 0, 'a number other than 0');
  check('mean', (value) => areNumbers(value, channels), numbers);
  check('std', (value) => areNumbers(value, channels) && ![value].flat().includes(0), `${numbers}, none of them 0`);
  check(
    'background',
    (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255,
    'a whole number from 0 to 255',
  );
  return problems;
}

function isOneOf<T extends string>(values: readonly T[], value: string): value is T {
  return values.includes(value as T);
}

function isPositive(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function areNumbers(value: unknown, channels: number): boolean {
  if (!Array.isArray(value)) return Number.isFinite(value);
  return value.length === channels && value.every(Number.isFinite);
}

function eachChannel(value: number | readonly number[], channels: number): number[] {
  return typeof value === 'number' ? new Array<number>(channels).fill(value) : [...value];
}
