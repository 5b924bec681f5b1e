import { CannotRun, coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import type { Tensor, Value } from '../values/tensor';
import { axisOf, dimsOf, withoutValues, type Call, type Operators } from './call';

const TO_CROP = 'tf_crop_and_resize';

/**
 * Rule of Resize. The axis of the rows must keep its size: its scale must be 1, or its new size must equal the old one.
 */
function resize(call: Call): Value {
  const t = call.data(0);
  const dims = dimsOf(t);
  const mode = call.attributes.string('coordinate_transformation_mode', 'half_pixel');
  if (mode === TO_CROP) {
    if (t.rows) throw notUnderstood('it crops, and it is unknown whether it crops rows');
    call.shared(1, 'the region that it crops');
  }
  const axes = call.axes()?.map((axis) => axisOf(axis, dims.length)) ?? dims.map((_, axis) => axis);
  const policy = call.attributes.string('keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch' && t.rows && axes.includes(t.rows.axis))
    throw notUnderstood('it keeps proportions that include the rows');

  const [scalesAt, sizesAt] = call.opset < 11 ? [1, -1] : [2, 3];
  const sizes = call.has(sizesAt) ? given(call, sizesAt, 'the new sizes') : undefined;
  const scales = sizes ? undefined : given(call, scalesAt, 'the scales');
  const list = sizes ?? scales ?? [];
  if (list.length !== axes.length) throw new CannotRun('its numbers of sizes and axes differ');
  const newDims = [...dims];
  let isKept = true;
  axes.forEach((axis, at) => {
    const value = list[at] as Size;
    const size = dims[axis] as Size;
    const keeps = sizes ? policy === 'stretch' && value.equals(size) : value.is(1);
    if (keeps) return;
    isKept = false;
    if (t.rows?.axis === axis) throw coupled('resizes the axis that counts rows');
    if (value.tainted) throw coupled('resizes by the number of rows');
    newDims[axis] = sizes && policy === 'stretch' ? value : sizes ? call.fresh(`size ${axis}`) : scaled(size, value);
  });
  if (!isKept) refuseNeighbours(call, t);
  return { ...withoutValues(t), dims: newDims };
}

/**
 * Throws if the kernel interpolates along the axis of the rows. Kernels that interpolate work over all axes of tensors
 * with up to three axes, and over all but the first two axes of larger tensors, even if a scale is 1. At a scale of 1
 * they add the neighbour times 0, which is NaN if the neighbour is infinite or NaN.
 */
function refuseNeighbours({ attributes }: Call, { dims = [], rows }: Tensor): void {
  if (!rows || attributes.string('mode', 'nearest') === 'nearest') return;
  if (dims.length < 4 || rows.axis > 1)
    throw coupled(
      'interpolates along the axis that counts rows, so that an infinity or NaN of one row reaches the next',
    );
}

function given(call: Call, position: number, what: string): readonly Size[] {
  if (!call.has(position)) throw notUnderstood(`it lacks ${what}`);
  return call.numbers(position, what);
}

function scaled(size: Size, scale: Size): Size {
  const [known, factor] = [size.constant, scale.constant];
  if (known !== undefined && factor !== undefined) return Size.of(Math.floor(Math.fround(known * factor)));
  if (scale.integer && scale.min >= 0) return size.times(scale);
  return Size.opaque('scaled', [size, scale], { min: 0 });
}

/** Rule of Upsample, the predecessor of Resize. The scales are an attribute, or an input from opset 9 on. */
function upsample(call: Call): Value {
  const t = call.data(0);
  const dims = dimsOf(t);
  const scales = call.attributes.floats('scales')?.map((value) => Size.of(value)) ?? given(call, 1, 'the scales');
  if (scales.length !== dims.length) throw new CannotRun('its numbers of scales and axes differ');
  const sizes = dims.map((size, axis) => {
    const scale = scales[axis] ?? ONE;
    if (scale.is(1)) return size;
    if (t.rows?.axis === axis) throw coupled('resizes the axis that counts rows');
    return scaled(size, scale);
  });
  if (!scales.every((scale) => scale.is(1))) refuseNeighbours(call, t);
  return { ...withoutValues(t), dims: sizes };
}

/** Crops or pads around the center. */
function centerCropPad(call: Call): Value {
  const t = call.data(0);
  const dims = dimsOf(t);
  const shape = call.numbers(1, 'the size to crop or pad to');
  const axes = call.axes()?.map((axis) => axisOf(axis, dims.length)) ?? dims.map((_, axis) => axis);
  if (shape.length !== axes.length) throw notUnderstood('its numbers of sizes and axes differ');
  const sizes = [...dims];
  axes.forEach((axis, at) => {
    const size = shape[at] as Size;
    if (size.equals(dims[axis] as Size)) return;
    if (t.rows?.axis === axis) throw coupled('crops or pads the axis that counts rows');
    if (size.tainted) throw coupled('crops or pads by the number of rows');
    sizes[axis] = size;
  });
  return { ...withoutValues(t), dims: sizes };
}

export const resizing: Operators = {
  Resize: resize,
  Upsample: upsample,
  CenterCropPad: centerCropPad,
};
