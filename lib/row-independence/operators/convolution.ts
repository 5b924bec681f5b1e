import { CannotRun, coupled, notUnderstood, Obstacle } from '../values/obstacle';
import { growthWithin, ONE, Size } from '../values/size';
import { INT32, invariant, rowAxisSize, type Tensor, type Value } from '../values/tensor';
import { dimsOf, withoutValues, type Call, type Operators, type Transfer } from './call';
import { writtenWith } from './unwritten';

/**
 * Requires that rows are on the first axis, as in pictures and signals of shape [rows, channels, ...]. The sizes of a
 * tensor without rows may be unknown.
 */
export function batchFirst(t: Tensor): Tensor {
  if (t.rows && t.rows.axis !== 0) throw coupled('works across the axis that counts rows');
  return t;
}

function spatial(t: Tensor): readonly Size[] {
  return dimsOf(t).slice(2);
}

interface Window {
  readonly kernel: readonly Size[];
  /** Whether the run fails if the kernel is larger than the axis that it moves over. */
  readonly refusesLarger: boolean;
}

/** Sizes of the result on the axes that a kernel moves over. */
function swept(call: Call, sizes: readonly Size[], { kernel, refusesLarger }: Window): Size[] {
  const { attributes } = call;
  const strides = attributes.ints('strides');
  const dilations = attributes.ints('dilations');
  const pads = attributes.ints('pads');
  const auto = attributes.string('auto_pad', 'NOTSET');
  const up = attributes.flag('ceil_mode', false);
  return sizes.map((size, at) => {
    const stride = strides?.[at] ?? 1;
    const window = kernel[at];
    if (!window) return call.fresh(`spatial ${at}`);
    const same = auto.startsWith('SAME');
    const dilation = dilations?.[at] ?? 1;
    // Pools compute their padding as if the kernel were not dilated.
    if (same && dilation !== 1 && !refusesLarger) return call.fresh(`spatial ${at}`);
    const [before, after] =
      auto === 'NOTSET' || auto === '' ? [pads?.[at] ?? 0, pads?.[at + sizes.length] ?? 0] : [0, 0];
    const reach = window.minus(ONE).times(Size.of(dilation));
    const room = same
      ? size.minus(ONE)
      : size
          .plus(Size.of(before + after))
          .minus(reach)
          .minus(ONE);
    const known = room.constant;
    if (known !== undefined && (same || !up)) return Size.of(Math.trunc(known / stride) + 1);
    if (stride === 1) return room.plus(ONE);
    const growth = growthWithin([room, size]);
    const least = Math.max(room.min / stride, -1);
    // With ceil_mode, a last window that would begin in the padding is omitted, unless it is the only one.
    if (up && !same) {
      const min = Math.max(Math.floor(least), size.min >= 1 ? Math.min(Math.ceil(least), 0) : -1);
      return Size.opaque(`ceil ${stride} ${before}`, [room, size], { min, growth }).plus(ONE);
    }
    return Size.opaque(`truncated ${stride}`, [room], { min: refusesLarger ? 0 : Math.trunc(least), growth }).plus(ONE);
  });
}

function kernelOf(call: Call, weights: Tensor | undefined): Size[] {
  const given = call.attributes.ints('kernel_shape')?.map((value) => Size.of(value));
  return given ?? [...(weights?.dims ?? []).slice(2)];
}

/** Result of a convolution with these weights. */
function convolved(call: Call, x: Tensor, weights: Tensor, elem: number): Tensor {
  if (weights.rows) throw coupled('takes its weights from the rows');
  if (weights.dims && dimsOf(x).length !== weights.dims.length)
    throw new CannotRun('its weights have the wrong number of axes');
  batchFirst(x);
  const [rows] = dimsOf(x);
  const channels = weights.dims?.[0] ?? call.fresh('channels');
  const dims = [
    rows as Size,
    channels,
    ...swept(call, spatial(x), { kernel: kernelOf(call, weights), refusesLarger: true }),
  ];
  // The run fails where a kernel does not fit.
  const filled = dims.slice(0, 2).every(({ min }) => min >= 1);
  return { kind: 'tensor', dims, elem, filled, ...(x.rows && { rows: x.rows }) };
}

/**
 * @param weights - position of the weights
 * @param parameters - positions of inputs that must be the same for all rows
 */
export function convolution(weights: number, parameters: readonly number[], elem: number): Transfer {
  return writtenWith(weights, (call) => {
    for (const position of parameters) call.shared(position, 'its parameters');
    return convolved(call, call.data(0), call.data(weights), elem);
  });
}

function transposedConvolution(call: Call): Value {
  const [x, weights] = [batchFirst(call.data(0)), call.data(1)];
  if (weights.rows) throw coupled('takes its weights from the rows');
  call.shared(2, 'its parameters');
  const { attributes } = call;
  const perGroup = weights.dims?.[1];
  const channels = perGroup?.times(Size.of(attributes.int('group', 1))) ?? call.fresh('channels');
  const kernel = kernelOf(call, weights);
  const given = attributes.ints('output_shape');
  const auto = attributes.string('auto_pad', 'NOTSET');
  const [pads, strides] = [attributes.ints('pads'), attributes.ints('strides')];
  const [dilations, extra] = [attributes.ints('dilations'), attributes.ints('output_padding')];
  const axes = spatial(x);
  const sizes = axes.map((size, at) => {
    const window = kernel[at];
    if (!window || given || auto !== 'NOTSET') return call.fresh(`spatial ${at}`);
    const fixed = (extra?.[at] ?? 0) - (pads?.[at] ?? 0) - (pads?.[at + axes.length] ?? 0) + 1;
    const reach = window.minus(ONE).times(Size.of(dilations?.[at] ?? 1));
    return size
      .minus(ONE)
      .times(Size.of(strides?.[at] ?? 1))
      .plus(reach)
      .plus(Size.of(fixed));
  });
  return {
    kind: 'tensor',
    dims: [dimsOf(x)[0] as Size, channels, ...sizes],
    elem: x.elem,
    ...(x.rows && { rows: x.rows }),
  };
}

function pool(call: Call): Value[] {
  const x = batchFirst(call.data(0));
  const [rows = ONE, channels = ONE] = dimsOf(x);
  const dims = [
    rows,
    channels,
    ...swept(call, spatial(x), { kernel: kernelOf(call, undefined), refusesLarger: false }),
  ];
  const result: Tensor = { ...withoutValues(x), dims };
  const positions = new Obstacle('not understood', 'returns indices that count through all rows');
  return [result, x.rows ? { kind: 'unusable', obstacle: positions } : invariant(dims)];
}

function globalPool(call: Call): Value {
  const x = batchFirst(call.data(0));
  const dims = dimsOf(x).map((dim, axis) => (axis < 2 ? dim : ONE));
  return { ...withoutValues(x), dims };
}

/** Rule of operators that keep all sizes. The parameters of channels must be the same for all rows. */
export function perRow(call: Call): Value {
  const x = batchFirst(call.data(0));
  for (let position = 1; position < call.inputs.length; position++) call.shared(position, 'its parameters');
  dimsOf(x);
  return withoutValues(x);
}

/**
 * Rule of BatchNormalization. In inference, the statistics are inputs; in training, they are computed from the batch.
 */
function batchNormalization(call: Call): Value[] {
  const x = call.data(0);
  dimsOf(x);
  for (let position = 1; position < call.inputs.length; position++) call.shared(position, 'its parameters');
  const training =
    call.attributes.flag('training_mode', false) ||
    (call.opset < 7 && !call.attributes.flag('is_test', false)) ||
    (call.opset < 14 && [1, 2, 3, 4].some((position) => call.wants(position)));
  if (training && x.rows) throw coupled('normalizes over the whole batch, as in training');
  if (x.rows && (x.rows.axis === 1 || (x.rows.axis !== 0 && !call.attributes.flag('spatial', true)))) {
    throw coupled('has parameters for each position of the axis that counts rows');
  }
  const rest = [1, 2, 3, 4].map(() => invariant(undefined));
  return [withoutValues(x), ...rest];
}

function depthToSpace(call: Call): Value {
  const x = batchFirst(call.data(0));
  const [rows = ONE, channels = ONE, ...sizes] = dimsOf(x);
  const block = Size.of(call.attributes.int('blocksize', 1));
  const fewer = channels.dividedBy(block.times(block)) ?? call.fresh('channels');
  return { ...withoutValues(x), dims: [rows, fewer, ...sizes.map((size) => size.times(block))] };
}

function spaceToDepth(call: Call): Value {
  const x = batchFirst(call.data(0));
  const [rows = ONE, channels = ONE, ...sizes] = dimsOf(x);
  const block = Size.of(call.attributes.int('blocksize', 1));
  const smaller = sizes.map((size, at) => size.dividedBy(block) ?? call.fresh(`spatial ${at}`));
  return { ...withoutValues(x), dims: [rows, channels.times(block).times(block), ...smaller] };
}

/** Samples [rows, channels, ...] at the positions in a grid of [rows, ..., 2]. */
function gridSample(call: Call): Value {
  const [x, grid] = [batchFirst(call.data(0)), batchFirst(call.data(1))];
  if (Boolean(x.rows) !== Boolean(grid.rows)) throw coupled('uses one grid, or one picture, for all rows');
  if (x.rows && grid.rows && !sameLayout(x, grid)) throw coupled('combines rows with different layouts');
  const [rows = ONE, channels = ONE] = dimsOf(x);
  return { ...withoutValues(x), dims: [rows, channels, ...dimsOf(grid).slice(1, -1)] };
}

function sameLayout(a: Tensor, b: Tensor): boolean {
  return Boolean(a.rows && b.rows && a.rows.outer.equals(b.rows.outer) && a.rows.inner.equals(b.rows.inner));
}

/** Creates a grid for each matrix of [rows, 2, 3]. */
function affineGrid(call: Call): Value {
  const theta = batchFirst(call.data(0));
  const size = call.numbers(1, 'the size of the grid');
  const [rows, , ...sizes] = size;
  if (!theta.rows) {
    if (size.some(({ tainted }) => tainted)) throw coupled('repeats one matrix for all rows');
    return invariant(undefined, theta.elem);
  }
  if (!rows?.equals(rowAxisSize(theta.rows)) || sizes.some(({ tainted }) => tainted))
    throw coupled('makes a different number of grids than there are rows');
  return { ...withoutValues(theta), dims: [rows, ...sizes, Size.of(sizes.length)] };
}

/** Rearranges columns [rows, channels * block, positions] into a picture. */
function columnsToImage(call: Call): Value {
  const x = batchFirst(call.data(0));
  const picture = call.numbers(1, 'the size of the picture');
  const block = call.numbers(2, 'the size of a block');
  if ([...picture, ...block].some(({ tainted }) => tainted)) throw coupled('arranges elements by the number of rows');
  const [rows = ONE, columns = ONE] = dimsOf(x);
  const channels = columns.dividedBy(Size.product(block)) ?? call.fresh('channels');
  return { ...withoutValues(x), dims: [rows, channels, ...picture] };
}

function deformableConvolution(call: Call): Value {
  const x = batchFirst(call.data(0));
  for (const position of [1, 3]) call.shared(position, 'its weights');
  for (const position of [2, 4]) {
    const t = call.optionalData(position);
    if (t && Boolean(t.rows) !== Boolean(x.rows)) throw coupled('has one set of offsets for all rows');
    if (t?.rows && (t.rows.axis !== 0 || !sameLayout(x, t))) throw coupled('combines rows with different layouts');
  }
  const weights = call.data(1);
  const offsets = call.data(2);
  return {
    ...withoutValues(x),
    dims: [dimsOf(x)[0] as Size, weights.dims?.[0] ?? call.fresh('channels'), ...dimsOf(offsets).slice(2)],
  };
}

function maxUnpool(call: Call): Value {
  if (call.allData().some(({ rows }) => rows))
    throw notUnderstood('places elements by indices that count through all rows');
  return invariant(undefined, call.data(0).elem);
}

function imageScaler(call: Call): Value {
  return withoutValues(batchFirst(call.data(0)));
}

/** Computes determinants of a batch of square matrices. */
function determinant(call: Call): Value {
  const t = call.data(0);
  const dims = dimsOf(t);
  if (dims.length < 2) throw notUnderstood('its inputs are not matrices');
  if (t.rows && t.rows.axis >= dims.length - 2) throw coupled('works across the axis that counts rows');
  return { ...withoutValues(t), dims: dims.slice(0, -2) };
}

export const pooling: Operators = {
  AveragePool: (call) => pool(call)[0] as Value,
  MaxPool: pool,
  LpPool: (call) => pool(call)[0] as Value,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  MaxUnpool: maxUnpool,
};

export const convolutions: Operators = {
  Conv: convolution(1, [2], 0),
  ConvInteger: convolution(1, [2, 3], INT32),
  QLinearConv: convolution(3, [1, 2, 4, 5, 6, 7, 8], 0),
  ConvTranspose: writtenWith(1, transposedConvolution),
  DeformConv: deformableConvolution,
  BatchNormalization: batchNormalization,
  InstanceNormalization: perRow,
  GroupNormalization: perRow,
  LRN: perRow,
  ImageScaler: imageScaler,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  GridSample: gridSample,
  AffineGrid: affineGrid,
  Col2Im: columnsToImage,
  Det: determinant,
};
