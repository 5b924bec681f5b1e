import { broadcast } from '../values/align';
import type { ExactSizes } from '../values/exact-sizes';
import { coupled, notUnderstood, Obstacle } from '../values/obstacle';
import { greater, N, ONE, type Size } from '../values/size';
import {
  areColumns,
  BOOL,
  constantDims,
  flatIndex,
  indices,
  INT32,
  INT64,
  invariant,
  isTainted,
  MAX_VALUES,
  valuesOf,
  type FlatNumbers,
  type Tensor,
  type Value,
} from '../values/tensor';
import { ARITHMETIC, cast, type Arithmetic } from './arithmetic';
import { asData, asTensor, type Call, type Operators } from './call';

/** Combines tensors element by element, with broadcasting. If all are shape arithmetic, computes the values. */
export function pointwise(call: Call, tensors: readonly Tensor[], elem: number): Value {
  const arithmetic = ARITHMETIC[call.node.opType];
  const computed = arithmetic && arithmeticResult(call, tensors, arithmetic, elem);
  if (computed) return computed;
  const { dims, rows } = broadcast(tensors);
  const flat = flatNumbers(call.node.opType, tensors);
  const numbers = flat && areExact(flat, elem, call.surroundings.sizes) ? flat : undefined;
  if (numbers && dims && rows) return { kind: 'tensor', dims, rows, elem, rowNumbers: numbers };
  try {
    tensors.forEach(asData);
  } catch (problem) {
    // The values are unusable, but the shape is known. Exporters combine numbers of rows and steps only to read the
    // shape of the result.
    if (problem instanceof Obstacle) return { kind: 'unusable', obstacle: problem, ...(dims && { dims }) };
    throw problem;
  }
  return { kind: 'tensor', elem, ...(dims && { dims }), ...(rows && { rows }) };
}

/**
 * Tracks row numbers of the form `row * stride + rest`. Exporters compute such numbers to combine several indices into
 * one that counts through all rows.
 */
function flatNumbers(operator: string, tensors: readonly Tensor[]): FlatNumbers | undefined {
  const [a, b] = tensors;
  const [numbers, other] = a?.rowNumbers ? [a, b] : [b, a];
  const own = numbers?.rowNumbers;
  if (!own || areColumns(own) || !other || other.rowNumbers || tensors.length !== 2) return undefined;
  if (operator === 'Mul') {
    const [times] = other.values ?? [];
    if (other.values?.length !== 1 || !times || times.tainted || !times.integer || times.min < 0) return undefined;
    return { stride: own.stride.times(times), below: own.below.minus(ONE).times(times).plus(ONE) };
  }
  const bound = operator === 'Add' ? boundOf(other) : undefined;
  return bound && { stride: own.stride, below: own.below.plus(bound).minus(ONE) };
}

/** Whether a type represents the row numbers of all rows exactly. */
function areExact({ stride, below }: FlatNumbers, elem: number, sizes: ExactSizes): boolean {
  return sizes.isExact(N.times(stride).plus(below), elem);
}

/** Exclusive upper bound of the elements, if all are known to be non-negative integers. */
function boundOf({ below, values }: Tensor): Size | undefined {
  if (below) return below;
  if (!values || values.length === 0 || values.some(({ tainted, integer, min }) => tainted || !integer || min < 0))
    return undefined;
  return values.reduce(greater).plus(ONE);
}

/** Sizes and rows of tensors that are combined element by element. */
export function merged(tensors: readonly Tensor[], elem: number): Tensor {
  return { kind: 'tensor', ...broadcast(tensors), elem };
}

/**
 * Steps of the budget to spend on each element. An element without a simpler expression gets a hashed name, which takes
 * longer than visiting a node.
 */
const STEPS_OF_AN_ELEMENT = 3;

function arithmeticResult(
  call: Call,
  tensors: readonly Tensor[],
  arithmetic: Arithmetic,
  elem: number,
): Tensor | undefined {
  const shapes: number[][] = [];
  for (const tensor of tensors) {
    const dims = tensor.values && constantDims(tensor);
    if (!dims) return undefined;
    shapes.push(dims);
  }
  const rank = shapes.reduce((most, { length }) => Math.max(most, length), 0);
  const dims: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((dim) => dim !== 1) ?? 1;
    if (sizes.some((dim) => dim !== 1 && dim !== size)) return undefined;
    dims.push(size);
  }
  const count = dims.reduce((product, dim) => product * dim, 1);
  if (count > MAX_VALUES) return undefined;
  const heaviest = tensors.map(({ values = [] }) => values.reduce((most, { weight }) => Math.max(most, weight), 1));
  call.surroundings.spend(STEPS_OF_AN_ELEMENT * count * heaviest.reduce((product, weight) => product * weight, 1));
  const typed = tensors.at(-1)?.elem ?? elem;
  const values: Size[] = [];
  for (const index of indices(dims)) {
    const operands = tensors.map((tensor, at) => elementAt(tensor.values ?? [], shapes[at] as number[], index));
    const value = arithmetic(operands, typed, call.surroundings.sizes);
    if (!value) return undefined;
    // Inexact numbers may be compared, but not computed with: the result must be one of the operands.
    if (operands.some(isInexact) && !operands.includes(value)) return undefined;
    values.push(value);
  }
  return valuesOf(dims, values, elem);
}

function isInexact({ constant }: Size): boolean {
  return constant !== undefined && Math.abs(constant) > Number.MAX_SAFE_INTEGER;
}

function elementAt(values: readonly Size[], shape: readonly number[], index: readonly number[]): Size {
  const shift = index.length - shape.length;
  return values[flatIndex(shape, (axis) => (shape[axis] === 1 ? 0 : (index[axis + shift] as number)))] as Size;
}

function all(call: Call): Tensor[] {
  return call.inputs.flatMap((value) => (value ? [asTensor(value)] : []));
}

/** Rule of elementwise operators whose result has the type of the operands. */
function sameType(call: Call): Value {
  const tensors = all(call);
  return pointwise(call, tensors, tensors[0]?.elem ?? 0);
}

function predicate(call: Call): Value {
  return pointwise(call, all(call), BOOL);
}

function unary(call: Call): Value {
  const { dims, rows, elem } = call.data(0);
  return { kind: 'tensor', ...(dims && { dims }), ...(rows && { rows }), elem };
}

/** TensorProto.DataType */
const UINT32 = 12;

/** UINT8, INT8, UINT16, INT16, INT32, INT64, BOOL, UINT32 and UINT64 */
const INTEGERS: ReadonlySet<number> = new Set([2, 3, 4, 5, INT32, INT64, BOOL, UINT32, 13]);

/** Passes any value on unchanged. */
export function identity(call: Call): Value {
  const value = call.inputs[0];
  if (!value) throw notUnderstood('it has no input');
  return value;
}

function castTo(elem: (call: Call) => number) {
  return (call: Call): Value => {
    const tensor = call.tensor(0);
    const to = elem(call);
    const { values, rowNumbers, below, ...rest } = tensor;
    if (to === UINT32 && tensor.rows && !INTEGERS.has(tensor.elem))
      throw coupled('turns a float beyond the range of UINT32 into a number that depends on its position');
    const whole = to === INT64 || to === INT32;
    const converted = values?.map((value) => cast(value, tensor.elem, to, call.surroundings.sizes));
    if (converted?.every((value): value is Size => value !== undefined))
      return { ...rest, elem: to, values: converted };
    if (isTainted(tensor)) throw coupled('turns the number of rows into data');
    const { sizes } = call.surroundings;
    if (rowNumbers && whole && (areColumns(rowNumbers) || areExact(rowNumbers, to, sizes)))
      return { ...tensor, elem: to };
    asData(tensor);
    return { ...rest, ...(below && whole && sizes.isExact(below, to) && { below }), elem: to };
  };
}

/** Rule of Dropout. Before opset 7, it drops elements unless `is_test` is set; from opset 12 on, an input decides. */
function dropout(call: Call): Value[] {
  const training = call.opset < 7 && !call.attributes.flag('is_test', false);
  const [mode] = (call.has(2) && call.tensor(2).values) || [];
  if (training || (call.has(2) && !mode?.is(0))) throw notUnderstood('drops elements at random');
  const x = call.tensor(0);
  const { dims, rows } = x;
  return [x, { kind: 'tensor', ...(dims && { dims }), ...(rows && { rows }), elem: BOOL }];
}

function where(call: Call): Value {
  return pointwise(call, all(call), call.tensor(2).elem);
}

/** Rule of operators that, before opset 7, broadcast an operand only on request, starting at a given axis. */
function onRequest(operator: (call: Call) => Value) {
  return (call: Call): Value => {
    if (call.opset >= 7) return operator(call);
    if (!call.attributes.flag('broadcast', false)) return sameShape(call, operator);
    const [a, b] = [call.tensor(0), call.tensor(1)];
    const axis = call.attributes.int('axis');
    if (axis === undefined || !a.dims || !b.dims) return operator(call);
    const missing = a.dims.length - (axis < 0 ? axis + a.dims.length : axis) - b.dims.length;
    if (b.rows || missing < 0) throw notUnderstood('the alignment of its operands is unknown');
    const aligned = invariant([...b.dims, ...Array<Size>(missing).fill(ONE)], asData(b).elem);
    return merged([asData(a), aligned], a.elem);
  };
}

/** Rule of operators that do not broadcast. They fail for several rows if an operand has one element for all rows. */
function sameShape(call: Call, operator: (call: Call) => Value): Value {
  const tensors = all(call);
  if (tensors.some(({ rows }) => rows) && tensors.some(({ rows }) => !rows)) {
    throw coupled('combines the rows with a tensor of fixed size, without broadcasting');
  }
  return operator(call);
}

/** Rule of Sum, Min, Max and Mean, which broadcast from opset 8 on. */
function fromVersion8(call: Call): Value {
  return call.opset >= 8 ? sameType(call) : sameShape(call, sameType);
}

/** Rule of PRelu. Before opset 7, it has either a single slope or one for each channel. */
function prelu(call: Call): Value {
  if (call.opset < 7 && call.tensor(0).rows?.axis === 1) throw coupled('has a slope for each position of the rows');
  if (call.opset < 7 && call.tensor(0).rows) {
    call.shared(1, 'its slopes');
    return unary(call);
  }
  return sameType(call);
}

const UNARY = [
  ...['Relu', 'Sigmoid', 'Tanh', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Erf', 'Sin', 'Cos', 'Tan', 'Asin', 'Acos'],
  ...['Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh', 'Sign', 'Softplus', 'Softsign', 'Elu', 'Selu', 'Celu'],
  ...['LeakyRelu', 'HardSigmoid', 'HardSwish', 'Mish', 'Swish', 'ThresholdedRelu', 'Shrink', 'Gelu', 'BitwiseNot'],
  ...['ScaledTanh', 'ParametricSoftplus', 'Affine'],
];

const ON_REQUEST = ['Add', 'Sub', 'Mul', 'Div', 'Pow'];
const FROM_VERSION_8 = ['Sum', 'Min', 'Max', 'Mean'];
const SAME_TYPE = [
  ...['Mod', 'Neg', 'Abs', 'Floor', 'Ceil', 'Round', 'BitShift', 'BitwiseAnd'],
  ...['BitwiseOr', 'BitwiseXor', 'StringConcat', 'Clip'],
];
const PREDICATES = ['Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual', 'And', 'Or', 'Not', 'Xor'];

export const elementwise: Operators = {
  ...Object.fromEntries(UNARY.map((name) => [name, unary])),
  ...Object.fromEntries(ON_REQUEST.map((name) => [name, onRequest(sameType)])),
  ...Object.fromEntries(FROM_VERSION_8.map((name) => [name, fromVersion8])),
  ...Object.fromEntries(SAME_TYPE.map((name) => [name, sameType])),
  ...Object.fromEntries(PREDICATES.map((name) => [name, name === 'Not' ? predicate : onRequest(predicate)])),
  ...Object.fromEntries(
    ['IsNaN', 'IsInf', 'RegexFullMatch'].map((name) => [
      name,
      (call: Call) => ({ ...(unary(call) as Tensor), elem: BOOL }),
    ]),
  ),
  Identity: identity,
  Cast: castTo((call) => call.attributes.int('to', 0)),
  CastLike: castTo((call) => call.tensor(1).elem),
  PRelu: prelu,
  Where: where,
  Dropout: dropout,
};
