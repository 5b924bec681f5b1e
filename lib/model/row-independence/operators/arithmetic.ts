import { type ExactSizes, isFollowed, isInteger } from '../exact-sizes';
import { floorDivide, greater, lesser, ONE, Size, ZERO } from '../size';
import { BOOL, FLOAT } from '../tensor';

/**
 * Shape arithmetic element by element: applies an operator to numbers that are polynomials. `elem` is the type of the
 * operands, and `sizes` records the sizes of axes for which the result holds.
 */
export type Arithmetic = (operands: readonly Size[], elem: number, sizes: ExactSizes) => Size;

/** Sums and products of exact numbers, if the result is exact too; fractions only if all numbers are known. */
function ring(name: string, exact: (a: Size, b: Size) => Size, known: (a: number, b: number) => number): Arithmetic {
  return ([a = ZERO, b = ZERO], elem, sizes) => {
    const [x, y] = [a.constant, b.constant];
    const result = x !== undefined && y !== undefined ? rounded(known(x, y), elem) : exact(a, b);
    const follows = result && [a, b, result].every((value) => sizes.isExact(value, elem));
    return follows ? result : Size.opaque(name, [a, b], { integer: isInteger(elem), bounded: false });
  };
}

/** Rounds a known number as the type of its tensor does. */
function rounded(value: number, elem: number): Size | undefined {
  const exact = elem === FLOAT ? Math.fround(value) : value;
  return isFollowed(elem) && Number.isFinite(exact) ? Size.of(exact) : undefined;
}

function divide([a = ZERO, b = ONE]: readonly Size[], elem: number, sizes: ExactSizes): Size {
  const exact = sizes.isExact(a, elem) && sizes.isExact(b, elem);
  if (isInteger(elem)) return exact ? floorDivide(a, b) : Size.opaque('div', [a, b]);
  const [x, y] = [a.constant, b.constant];
  const number = x !== undefined && y !== undefined && y !== 0 ? rounded(x / y, elem) : undefined;
  return number ?? (exact ? realQuotient(a, b) : undefined) ?? Size.opaque('real-div', [a, b], { integer: false });
}

/** Quotient for a divisor that is not 0. */
function realQuotient(a: Size, b: Size): Size | undefined {
  return b.min > 0 || b.constant !== undefined ? a.dividedBy(b) : undefined;
}

function modulo([a = ZERO, b = ONE]: readonly Size[], elem: number, sizes: ExactSizes): Size {
  const [x, y] = [a.constant, b.constant];
  const exact = isInteger(elem) && sizes.isExact(a, elem) && sizes.isExact(b, elem);
  if (exact && x !== undefined && y !== undefined && x >= 0 && y > 0) return Size.of(x % y);
  if (exact && a.dividedBy(b)) return ZERO;
  return Size.opaque('mod', [a, b], { integer: isInteger(elem), min: a.min >= 0 && b.min >= 0 ? 0 : -Infinity });
}

function truth(known: boolean): Size {
  return known ? ONE : ZERO;
}

/** Compares two numbers, if their order is the same for all values of the atoms. */
function byOrder(name: string, a: Size, b: Size, holds: (order: -1 | 0 | 1) => boolean): Size {
  const order = a.compare(b);
  return order === undefined ? Size.opaque(name, [a, b], { min: 0 }) : truth(holds(order));
}

/** Uses partial knowledge of the order: an atom that is at least 0 is not less than 0. */
function less([a = ZERO, b = ZERO]: readonly Size[]): Size {
  if (a.minus(b).min >= 0) return ZERO;
  return byOrder('less', a, b, (order) => order < 0);
}

function lessOrEqual([a = ZERO, b = ZERO]: readonly Size[]): Size {
  if (b.minus(a).min >= 0) return ONE;
  return byOrder('less-or-equal', a, b, (order) => order <= 0);
}

function floor([a = ZERO]: readonly Size[]): Size {
  if (a.constant !== undefined) return Size.of(Math.floor(a.constant));
  return a.integer ? a : Size.opaque('floor', [a], { min: a.min >= 0 ? 0 : -Infinity });
}

function ceil([a = ZERO]: readonly Size[]): Size {
  if (a.constant !== undefined) return Size.of(Math.ceil(a.constant));
  return a.integer ? a : Size.opaque('ceil', [a], { min: a.min >= 0 ? 0 : -Infinity });
}

/** Rounds half to even, as ONNX specifies. */
function round([a = ZERO]: readonly Size[]): Size {
  if (a.constant !== undefined) {
    const below = Math.floor(a.constant);
    const rest = a.constant - below;
    return Size.of(rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1);
  }
  return a.integer ? a : Size.opaque('round', [a], { min: a.min >= 0 ? 0 : -Infinity });
}

function absolute([a = ZERO]: readonly Size[]): Size {
  if (a.min >= 0) return a;
  return a.constant !== undefined
    ? Size.of(Math.abs(a.constant))
    : Size.opaque('abs', [a], { integer: a.integer, min: 0 });
}

function truncated(a: Size): Size {
  if (a.constant !== undefined) return Size.of(Math.trunc(a.constant));
  return a.integer ? a : Size.opaque('trunc', [a], { min: a.min >= 0 ? 0 : -Infinity });
}

function nonZero(a: Size): Size {
  const order = a.compare(ZERO);
  if (order !== undefined) return truth(order !== 0);
  return Size.opaque('non-zero', [a], { min: 0 });
}

/** Converts between types; undefined if the number cannot be tracked in the new type. */
export function cast(value: Size, from: number, to: number, sizes: ExactSizes): Size | undefined {
  if (to === BOOL) return from === BOOL ? value : nonZero(value);
  if (!isFollowed(to)) return undefined;
  const whole = isInteger(to) ? truncated(value) : value;
  const known = whole.constant === undefined ? whole : rounded(whole.constant, to);
  return known && sizes.isExact(known, to) ? known : undefined;
}

function and([a = ZERO, b = ZERO]: readonly Size[]): Size {
  if (a.is(0) || b.is(0)) return ZERO;
  if (a.is(1)) return b;
  return b.is(1) ? a : Size.opaque('and', [a, b], { min: 0 });
}

function or([a = ZERO, b = ZERO]: readonly Size[]): Size {
  if (a.is(1) || b.is(1)) return ONE;
  if (a.is(0)) return b;
  return b.is(0) ? a : Size.opaque('or', [a, b], { min: 0 });
}

function not([a = ZERO]: readonly Size[]): Size {
  return a.constant === undefined ? Size.opaque('not', [a], { min: 0 }) : truth(a.constant === 0);
}

const add = ring(
  'add',
  (a, b) => a.plus(b),
  (a, b) => a + b,
);
const multiply = ring(
  'mul',
  (a, b) => a.times(b),
  (a, b) => a * b,
);

export const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  Add: add,
  Sum: (operands, elem, sizes) => operands.reduce((sum, operand) => add([sum, operand], elem, sizes)),
  Sub: ring(
    'sub',
    (a, b) => a.minus(b),
    (a, b) => a - b,
  ),
  Mul: multiply,
  Div: divide,
  Mod: modulo,
  Min: (operands) => operands.reduce(lesser),
  Max: (operands) => operands.reduce(greater),
  Neg: ([a = ZERO], elem, sizes) => multiply([a, Size.of(-1)], elem, sizes),
  Abs: absolute,
  Floor: floor,
  Ceil: ceil,
  Round: round,
  Identity: ([a = ZERO]) => a,
  Equal: ([a = ZERO, b = ZERO]) => byOrder('equal', a, b, (order) => order === 0),
  Less: less,
  Greater: ([a = ZERO, b = ZERO]) => less([b, a]),
  LessOrEqual: lessOrEqual,
  GreaterOrEqual: ([a = ZERO, b = ZERO]) => lessOrEqual([b, a]),
  And: and,
  Or: or,
  Not: not,
  Where: ([condition = ZERO, a = ZERO, b = ZERO]) => {
    if (condition.constant !== undefined) return condition.constant === 0 ? b : a;
    return a.equals(b)
      ? a
      : Size.opaque('where', [condition, a, b], { integer: a.integer && b.integer, min: Math.min(a.min, b.min) });
  },
};

export function product(values: readonly Size[], elem: number, sizes: ExactSizes): Size {
  return values.reduce((all, value) => multiply([all, value], elem, sizes), ONE);
}

export function sum(values: readonly Size[], elem: number, sizes: ExactSizes): Size {
  return values.reduce((all, value) => add([all, value], elem, sizes), ZERO);
}
