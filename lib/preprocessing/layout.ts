import type { TensorSignature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import { preprocessingErrors as errors } from './errors';

/** The axes of each layout. In `flat`, F is the whole picture, and N is optional. */
export const AXES = {
  NCHW: 'NCHW',
  NHWC: 'NHWC',
  NHW: 'NHW',
  CHW: 'CHW',
  HWC: 'HWC',
  flat: 'NF',
} as const;

export type Layout = keyof typeof AXES;

export const LAYOUTS = Object.keys(AXES) as Layout[];

interface Size {
  readonly width?: number;
  readonly height?: number;
}

interface Fitted extends Required<Size> {
  readonly layout: Layout;
  readonly shape: number[];
}

/** Finds the layout and the size of pictures in the signature, or returns a problem. */
export function fitLayout(
  path: string,
  given: Size & { readonly layout?: Layout },
  input: TensorSignature,
  channels: number,
): Fitted | Problem {
  const candidates = (given.layout ? [given.layout] : LAYOUTS).filter((layout) =>
    fits(layout, input, channels, given.layout !== undefined),
  );
  const [layout, second] = candidates;
  if (!layout) return errors.shape(path, input, channels, given.layout);
  if (second) return errors.layoutAmbiguous(path, input, candidates);
  return layout === 'flat' ? fitFlat(path, given, input, channels) : fitGrid(path, given, input, channels, layout);
}

function axesOf(layout: Layout, { dimensions }: TensorSignature): string {
  return layout === 'flat' ? AXES.flat.slice(-dimensions.length) : AXES[layout];
}

/** Whether an input has the axes of a layout, for one picture with this number of channels. */
function fits(layout: Layout, input: TensorSignature, channels: number, isGiven: boolean): boolean {
  const { dimensions } = input;
  if (layout === 'NHW' && channels > 1) return false;
  // With one channel, NHW describes the same shape.
  if (layout === 'CHW' && channels === 1 && !isGiven) return false;
  const axes = axesOf(layout, input);
  if (dimensions.length === 0 || axes.length !== dimensions.length) return false;
  return [...axes].every((axis, at) => {
    const size = dimensions[at];
    if (axis === 'N') return size === 1 || typeof size !== 'number';
    return axis === 'C' ? size === channels || (isGiven && typeof size !== 'number') : true;
  });
}

function fitGrid(
  path: string,
  given: Size,
  input: TensorSignature,
  channels: number,
  layout: Layout,
): Fitted | Problem {
  const axes = axesOf(layout, input);
  const declared = { width: fixed(input, axes.indexOf('W')), height: fixed(input, axes.indexOf('H')) };
  for (const side of ['width', 'height'] as const) {
    const [ours, theirs] = [given[side], declared[side]];
    if (ours === undefined && theirs === undefined) return errors.sizeMissing(path, input, side);
    if (ours !== undefined && theirs !== undefined && ours !== theirs) {
      return errors.sizeWrong(path, input, side, ours, theirs);
    }
  }
  const width = (declared.width ?? given.width) as number;
  const height = (declared.height ?? given.height) as number;
  const sizes: Record<string, number> = { N: 1, C: channels, H: height, W: width };
  return { layout, width, height, shape: [...axes].map((axis) => sizes[axis] as number) };
}

function fitFlat(path: string, given: Size, input: TensorSignature, channels: number): Fitted | Problem {
  const length = fixed(input, input.dimensions.length - 1);
  const pixels = length === undefined ? undefined : length / channels;
  const width = given.width ?? (pixels ?? NaN) / (given.height ?? NaN);
  const height = given.height ?? (pixels ?? NaN) / (given.width ?? NaN);
  if (given.width === undefined && given.height === undefined) return errors.flatSizeMissing(path, input);
  if (Number.isNaN(width * height)) return errors.sizeMissing(path, input, given.width ? 'height' : 'width');
  const isWhole = Number.isInteger(width) && Number.isInteger(height);
  if (!isWhole || (length !== undefined && width * height * channels !== length)) {
    return errors.flatLength(path, input, given, channels);
  }
  const shape = [1, width * height * channels].slice(-input.dimensions.length);
  return { layout: 'flat', width, height, shape };
}

function fixed({ dimensions }: TensorSignature, axis: number): number | undefined {
  const size = dimensions[axis];
  return typeof size === 'number' ? size : undefined;
}
