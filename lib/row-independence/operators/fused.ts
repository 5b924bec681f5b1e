import { broadcast } from '../values/align';
import { coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import { FLOAT, INT32, withRows, type Rows, type Tensor, type Value } from '../values/tensor';
import { refuseLastAxis } from './attention';
import { asTensor, axisOf, dimsOf, refuseAlong, withoutValues, type Call, type Operators, type Transfer } from './call';
import { batchFirst, convolution } from './convolution';
import { creation } from './creation';
import { merged } from './elementwise';
import { indexing } from './indexing';
import { concatenated } from './joining';
import { addedTo, gemm, matmul, quantizedMatmul, single, swapped } from './linear';
import { dynamic, quantization } from './quantization';
import { reduction } from './reduction';
import { slicing } from './slicing';
import { isFilled, writtenIf, writtenIfUnderstood, writtenProduct, writtenWith } from './unwritten';

/** Combines the tensors at these positions element by element; inputs at `parameters` are single numbers. */
function elementwise(tensors: readonly number[], parameters: readonly number[] = []): Transfer {
  return (call) => {
    for (const position of parameters) single(call, position);
    const given = tensors.filter((position) => call.has(position)).map((position) => call.data(position));
    return merged(given, given[0]?.elem ?? 0);
  };
}

/** Rule of products of matrices that may be transposed. */
const fusedMatmul = writtenIf(
  ({ attributes, inputs }) => {
    const [summed, other] = [attributes.flag('transA', false) ? -2 : -1, attributes.flag('transB', false) ? -1 : -2];
    return isFilled(inputs[0], summed) || isFilled(inputs[1], other);
  },
  (call) => {
    const { attributes } = call;
    if (attributes.flag('transBatchA', false) || attributes.flag('transBatchB', false))
      throw notUnderstood('it exchanges axes of the batch');
    const activation = attributes.string('activation', '');
    if (/softmax/i.test(activation)) throw notUnderstood('its activation works over an axis');
    const [a, b] = [call.data(0), call.data(1)];
    return matmul(attributes.flag('transA', false) ? swapped(a) : a, attributes.flag('transB', false) ? swapped(b) : b);
  },
);

/** Rule of matrix products whose weights are packed in blocks. Each row of the left matrix is multiplied separately. */
function packedWeights(call: Call): Value {
  for (let position = 1; position < call.inputs.length; position++) call.shared(position, 'its weights');
  const t = call.data(0);
  refuseLastAxis(t, 'sums over the axis that counts rows');
  const width = call.attributes.int('N');
  return {
    ...withoutValues(t),
    dims: [...dimsOf(t).slice(0, -1), width === undefined ? call.fresh('width') : Size.of(width)],
  };
}

function quantizedGemm(call: Call): Value {
  for (const position of [1, 2, 7, 8]) single(call, position);
  for (const position of [3, 4, 5, 6]) call.shared(position, 'its weights');
  const [a, b, c] = [call.data(0), call.data(3), call.optionalData(6)];
  const turned = call.attributes.flag('transA', false);
  const product = matmul(turned ? swapped(a) : a, call.attributes.flag('transB', false) ? swapped(b) : b);
  return c ? addedTo(product, c) : product;
}

/** Adds the inputs, then normalizes over the last axis. */
function skipLayerNormalization(parameters: readonly number[]): Transfer {
  return (call) => {
    for (const position of parameters) call.shared(position, 'its weights');
    const [x, skip] = [call.data(0), call.data(1)];
    if (skip.rows && !x.rows) throw coupled('adds rows to a tensor without rows');
    const sum = addedTo(withoutValues(x), skip);
    refuseLastAxis(sum, 'normalizes over the rows');
    const statistics = { ...sum, dims: [...dimsOf(sum).slice(0, -1), ONE] };
    return [sum, statistics, statistics, sum];
  };
}

/** Embeds words, positions and segments of shape [rows, steps], and adds and normalizes the embeddings. */
function embedLayerNormalization(call: Call): Value[] {
  for (const position of [2, 3, 4, 5, 6]) call.shared(position, 'its weights');
  const ids = call.data(0);
  const [rows = ONE, steps = ONE] = dimsOf(ids);
  const others = [1, 7, 8].filter((position) => call.has(position)).map((position) => call.data(position));
  if (!ids.rows) {
    if (others.some((t) => t.rows)) throw coupled('adds rows to a tensor without rows');
    throw notUnderstood('its result is unknown');
  }
  if (ids.rows.axis !== 0) throw coupled('normalizes over the rows');
  for (const t of others) {
    if (!t.rows && !dimsOf(t)[0]?.is(1))
      throw coupled('combines the rows with values that are fixed for each position');
    if (t.rows && t.rows.axis !== 0) throw coupled('combines rows that are on different axes');
  }
  const together = broadcast([ids, ...others]).rows as Rows;
  const width = call.data(2).dims?.[1] ?? call.fresh('width');
  const embedded = withRows([rows, steps, width], together, FLOAT);
  return [embedded, withRows([rows], together, INT32), embedded];
}

/** Rule of a convolution that is fused with an optional summand of the same size and an elementwise function. */
function fusedConvolution(call: Call): Value {
  const result = convolution(1, [2], 0)(call) as Tensor;
  const summand = call.optionalData(3);
  if (!summand) return result;
  if (Boolean(summand.rows) !== Boolean(result.rows)) throw coupled('adds a tensor that is not per row');
  return addedTo(result, summand);
}

/** Keeps the rows on the first axis; all other sizes are unknown. */
function channelsLast(call: Call): Value {
  const x = batchFirst(call.data(0));
  for (let position = 1; position < call.inputs.length; position++) call.shared(position, 'its weights');
  const [rows = ONE, ...rest] = dimsOf(x);
  return { ...withoutValues(x), dims: [rows, ...rest.map((_, at) => call.fresh(`size ${at}`))] };
}

function quantizedConcat(call: Call): Value {
  for (let position = 0; position < call.inputs.length; position++) {
    if (position < 2 || (position - 2) % 3 !== 0) single(call, position);
  }
  const tensors = call.inputs.flatMap((value, position) =>
    value && position >= 2 && (position - 2) % 3 === 0 ? [asTensor(value)] : [],
  );
  return concatenated(tensors.map(withoutValues), call.attributes.int('axis', 1));
}

function quantizedSoftmax(call: Call): Value {
  for (const position of [1, 2, 3, 4]) single(call, position);
  const t = call.data(0);
  const axis = axisOf(call.attributes.int('axis', -1), dimsOf(t).length);
  // The older form of the operator treats all axes from this one on as a single axis.
  if (t.rows && t.rows.axis >= axis) throw coupled('works across the axis that counts rows');
  return withoutValues(t);
}

function quantizedReduce(call: Call): Value {
  for (const position of [1, 2, 3, 4]) single(call, position);
  const axes = call.axes();
  const t = call.data(0);
  const rank = dimsOf(t).length;
  const reduced = axes?.map((axis) => axisOf(axis, rank)) ?? dimsOf(t).map((_, axis) => axis);
  for (const axis of reduced) refuseAlong(t, axis, 'reduces over the rows');
  if (!call.attributes.flag('keepdims', true)) throw notUnderstood('it drops the axes');
  return { ...withoutValues(t), dims: dimsOf(t).map((dim, axis) => (reduced.includes(axis) ? ONE : dim)) };
}

function globalPool(call: Call): Value {
  const x = batchFirst(call.data(0));
  for (const position of [1, 2, 3, 4]) single(call, position);
  const last = call.attributes.flag('channels_last', false);
  const dims = dimsOf(x).map((dim, axis, { length }) => (axis === 0 || axis === (last ? length - 1 : 1) ? dim : ONE));
  return { ...withoutValues(x), dims };
}

function inverse(call: Call): Value {
  const t = call.data(0);
  const rank = dimsOf(t).length;
  if (t.rows && t.rows.axis >= rank - 2) throw coupled('works across the axis that counts rows');
  return withoutValues(t);
}

function splitGelu(call: Call): Value {
  const sum = addedTo(withoutValues(call.data(0)), call.data(1));
  refuseLastAxis(sum, 'works across the axis that counts rows');
  const half = dimsOf(sum).at(-1)?.dividedBy(Size.of(2)) ?? call.fresh('width');
  return { ...sum, dims: [...dimsOf(sum).slice(0, -1), half] };
}

/** Picks from a table of packed elements, of which the last axis of the result has more. */
function gatherPacked(call: Call): Value {
  for (const position of [0, 2, 3]) call.shared(position, 'its table');
  const [table, indices] = [call.data(0), call.data(1)];
  const dims = dimsOf(table);
  const axis = axisOf(call.attributes.int('gather_axis', 0), dims.length);
  if (axis === dims.length - 1) throw notUnderstood('it picks along the axis of packed elements');
  const { rows } = indices;
  return {
    kind: 'tensor',
    dims: [...dims.slice(0, axis), ...dimsOf(indices), ...dims.slice(axis + 1, -1), call.fresh('width')],
    elem: call.data(2).elem,
    ...(rows && { rows: { ...rows, axis: rows.axis + axis } }),
  };
}

function distances(call: Call): Value {
  return matmul(call.data(0), swapped(call.data(1)));
}

function tokens(call: Call): never {
  if (call.data(0).rows) throw coupled('pads each row to the longest of the batch');
  throw notUnderstood('its result is unknown');
}

export const fused: Operators = {
  Gelu: elementwise([0]),
  QuickGelu: elementwise([0]),
  FastGelu: elementwise([0, 1]),
  BiasGelu: elementwise([0, 1]),
  BiasAdd: elementwise([0, 1, 2]),
  BiasSplitGelu: splitGelu,
  ComplexMul: elementwise([0, 1]),
  MurmurHash3: elementwise([0]),
  MulInteger: elementwise([0, 2], [1, 3]),
  QLinearAdd: elementwise([0, 3], [1, 2, 4, 5, 6, 7]),
  QLinearMul: elementwise([0, 3], [1, 2, 4, 5, 6, 7]),
  QLinearWhere: elementwise([0, 1, 4], [2, 3, 5, 6, 7, 8]),
  QLinearLeakyRelu: elementwise([0], [1, 2, 3, 4]),
  QLinearSigmoid: elementwise([0], [1, 2, 3, 4]),
  QLinearSoftmax: quantizedSoftmax,
  QLinearConcat: writtenIfUnderstood(quantizedConcat),
  QLinearReduceMean: quantizedReduce,
  QLinearGlobalAveragePool: globalPool,
  QLinearAveragePool: channelsLast,
  QLinearConv: writtenWith(3, (call) =>
    call.attributes.flag('channels_last', false) ? channelsLast(call) : convolution(3, [1, 2, 4, 5, 6, 7, 8], 0)(call),
  ),
  QGemm: writtenWith(3, quantizedGemm),
  FusedMatMul: fusedMatmul,
  FusedMatMulActivation: fusedMatmul,
  TransposeMatMul: fusedMatmul,
  FusedGemm: gemm,
  FusedConv: fusedConvolution,
  MatMulNBits: writtenWith(1, packedWeights),
  MatMulBnb4: packedWeights,
  MatMulInteger16: writtenProduct(0, 1, (call) => matmul(call.data(0), call.data(1), INT32)),
  MatMulIntegerToFloat: quantizedMatmul([2, 4], [3, 5, 6], 1, FLOAT),
  DynamicQuantizeMatMul: writtenProduct(0, 1, dynamic),
  DynamicQuantizeLSTM: writtenIf(({ inputs }) => isFilled(inputs[0]) && isFilled(inputs[1]), dynamic),
  SkipLayerNormalization: skipLayerNormalization([2, 3, 4]),
  SkipSimplifiedLayerNormalization: skipLayerNormalization([2, 3]),
  EmbedLayerNormalization: embedLayerNormalization,
  Inverse: inverse,
  CDist: distances,
  Tokenizer: tokens,
  QuantizeLinear: quantization['QuantizeLinear'] as Transfer,
  DequantizeLinear: quantization['DequantizeLinear'] as Transfer,
  GatherBlockQuantized: gatherPacked,
  GatherND: indexing['GatherND'] as Transfer,
  Unique: indexing['Unique'] as Transfer,
  Pad: slicing['Pad'] as Transfer,
  Trilu: slicing['Trilu'] as Transfer,
  Range: creation['Range'] as Transfer,
  ReduceSumInteger: reduction['ReduceSum'] as Transfer,
};
