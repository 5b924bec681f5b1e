import { coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import type { Value } from '../values/tensor';
import { axisOf, dimsOf, refuseAlong, withoutValues, type Call, type Operators } from './call';
import { batchFirst } from './convolution';

/** Transforms along one axis; the last axis contains real and imaginary parts. */
function discreteFourierTransform(call: Call): Value {
  const t = call.data(0);
  const dims = dimsOf(t);
  call.shared(1, 'its length');
  const given =
    call.opset >= 20 ? (call.constants(2, 'the axis that it transforms') ?? [-2])[0] : call.attributes.int('axis', 1);
  const axis = axisOf(given ?? -2, dims.length);
  refuseAlong(t, axis, 'transforms along the axis that counts rows');
  refuseAlong(t, dims.length - 1, 'treats the rows as parts of a complex number');
  return {
    ...withoutValues(t),
    dims: dims.map((dim, at) => (at === axis || at === dims.length - 1 ? call.fresh(`size ${at}`) : dim)),
  };
}

/** Rule of STFT. The input is [rows, length] or [rows, length, 1 or 2]. */
function shortTimeFourierTransform(call: Call): Value {
  const t = batchFirst(call.data(0));
  for (const position of [1, 2, 3]) call.shared(position, 'its windows');
  const [rows = ONE] = dimsOf(t);
  return { ...withoutValues(t), dims: [rows, call.fresh('frames'), call.fresh('bins'), Size.of(2)] };
}

/** Rule of operators on regions. A region refers to its picture by the position of the picture in the batch. */
function regions(call: Call): never {
  if (call.allData().some(({ rows }) => rows))
    throw coupled('cuts regions out of pictures by their position in the batch');
  throw notUnderstood('its result is unknown');
}

/** Rule of loss functions. A loss is a mean or a sum over the rows, unless the reduction is "none". */
function loss(call: Call): Value[] {
  const [scores, labels] = [call.data(0), call.data(1)];
  call.shared(2, 'its weights');
  if (!scores.rows && !labels.rows) throw notUnderstood('its result is unknown');
  if (call.attributes.string('reduction', 'mean') !== 'none') throw coupled('returns one loss for all rows');
  if (scores.rows?.axis !== 0 || labels.rows?.axis !== 0) throw coupled('combines rows that are on different axes');
  const same = scores.rows.outer.equals(labels.rows.outer) && scores.rows.inner.equals(labels.rows.inner);
  if (!same) throw coupled('combines rows with different layouts');
  return [{ ...withoutValues(labels), elem: scores.elem }, withoutValues(scores)];
}

export const signal: Operators = {
  DFT: discreteFourierTransform,
  STFT: shortTimeFourierTransform,
  RoiAlign: regions,
  MaxRoiPool: regions,
  NegativeLogLikelihoodLoss: loss,
  SoftmaxCrossEntropyLoss: loss,
};
