import { DOUBLE, isFollowed, isInteger, type ExactSizes } from '../values/exact-sizes';
import { floorDivide, greater, growthWithin, lesser, OF_A_TRUTH, ONE, Size, ZERO, type Growth } from '../values/size';
import { BOOL, FLOAT } from '../values/tensor';

/**
 * Applies an operator of shape arithmetic to one element of each operand; the elements are polynomials. `elem` is the
 * type of the operands, and `sizes` records the sizes of axes for which the result holds. Undefined if the result is
 * unknown.
 */
export type Arithmetic = (operands: readonly Size[], elem: number, sizes: ExactSizes) => Size | undefined;

/**
 * Creates the arithmetic of an operator such as Add or Mul. The result is computed only if the operands and the result
 * are exact; fractions are computed only if all numbers are known.
 */
function ring(name: string, exact: (a: Size, b: Size) => Size, known: (a: number, b: number) => number) {
  return ([a = ZERO, b = ZERO]: readonly Size[], elem: number, sizes: ExactSizes): Size => {
    // The name of the result includes the type, because types round and overflow in different ways.
    const opaque = () => Size.opaque(`${name} of ${elem}`, [a, b], { integer: isInteger(elem) });
    if (!sizes.isExact(a, elem) || !sizes.isExact(b, elem)) return opaque();
    const [x, y] = [a.constant, b.constant];
    const result = x !== undefined && y !== undefined ? rounded(known(x, y), elem) : exact(a, b);
    return result && sizes.isExact(result, elem) ? result : opaque();
  };
}

/** Rounds a known number to the precision of its type. */
function rounded(value: number, elem: number): Size | undefined {
  const exact = elem === FLOAT ? Math.fround(value) : value;
  return isFollowed(elem) && Number.isFinite(exact) ? Size.of(exact) : undefined;
}

function divide([a = ZERO, b = ONE]: readonly Size[], elem: number, sizes: ExactSizes): Size {
  const exact = isFollowed(elem) && sizes.isExact(a, elem) && sizes.isExact(b, elem);
  if (isInteger(elem)) return exact ? floorDivide(a, b) : Size.opaque(`div of ${elem}`, [a, b]);
  const [x, y] = [a.constant, b.constant];
  const number = x !== undefined && y !== undefined && y !== 0 ? rounded(x / y, elem) : undefined;
  const facts = { integer: false, growth: exact ? quotientGrowth(a, b) : undefined };
  return number ?? (exact ? realQuotient(a, b) : undefined) ?? Size.opaque(`div of ${elem}`, [a, b], facts);
}

/** Growth of a rounded quotient. */
function quotientGrowth(a: Size, b: Size): Growth | undefined {
  const least = Math.abs(b.constant ?? Math.max(b.min, 0));
  const growth = growthWithin([a]);
  return growth && least > 0 ? { factor: (2 * growth.factor) / least, degree: growth.degree } : undefined;
}

/** Exact quotient, if the divisor cannot be 0. */
function realQuotient(a: Size, b: Size): Size | undefined {
  return b.min > 0 || b.constant !== undefined ? a.dividedBy(b) : undefined;
}

/** Remainder of non-negative integers, for which the attribute `fmod` makes no difference. */
function modulo([a = ZERO, b = ONE]: readonly Size[], elem: number, sizes: ExactSizes): Size | undefined {
  if (!isInteger(elem) || a.min < 0 || b.min < 0) return undefined;
  const [x, y] = [a.constant, b.constant];
  const exact = sizes.isExact(a, elem) && sizes.isExact(b, elem);
  if (exact && x !== undefined && y !== undefined && y > 0) return Size.of(x % y);
  if (exact && a.dividedBy(b)) return ZERO;
  return Size.opaque('mod', [a, b], { min: 0, growth: growthWithin([b]) });
}

const TRUTH = { min: 0, growth: OF_A_TRUTH };

function truth(known: boolean): Size {
  return known ? ONE : ZERO;
}

/** Whether numbers certainly have an order. A float without a known bound may be infinite or NaN. */
function areOrdered(operands: readonly Size[], elem: number): boolean {
  return (elem !== FLOAT && elem !== DOUBLE) || operands.every(({ growth }) => growth !== undefined);
}

/** Compares two numbers, if their order is the same for all values of the atoms. */
function byOrder(name: string, holds: (order: -1 | 0 | 1) => boolean, atLeast?: boolean): Arithmetic {
  return ([a = ZERO, b = ZERO], elem) => {
    const isOrdered = areOrdered([a, b], elem);
    // A difference that is never negative decides this comparison, even if `compare` cannot.
    if (isOrdered && atLeast !== undefined && (atLeast ? b.minus(a) : a.minus(b)).min >= 0) return truth(atLeast);
    const order = isOrdered ? a.compare(b) : undefined;
    return order === undefined ? Size.opaque(name, [a, b], TRUTH) : truth(holds(order));
  };
}

const equal = byOrder('equal', (order) => order === 0);
const less = byOrder('less', (order) => order < 0, false);
const lessOrEqual = byOrder('less-or-equal', (order) => order <= 0, true);

/** Creates the arithmetic of an operator that returns the least or greatest operand. */
function extreme(name: string, ofOrdered: (a: Size, b: Size) => Size): Arithmetic {
  return (operands, elem) =>
    areOrdered(operands, elem) ? operands.reduce(ofOrdered) : Size.opaque(name, operands, { integer: false });
}

/** Facts about the result of rounding a number, up or down. */
function nextTo(a: Size) {
  return { min: a.min >= 0 ? 0 : -Infinity, growth: growthWithin([a, ONE]) };
}

function floor([a = ZERO]: readonly Size[]): Size {
  if (a.constant !== undefined) return Size.of(Math.floor(a.constant));
  return a.integer ? a : Size.opaque('floor', [a], nextTo(a));
}

function ceil([a = ZERO]: readonly Size[]): Size {
  if (a.constant !== undefined) return Size.of(Math.ceil(a.constant));
  return a.integer ? a : Size.opaque('ceil', [a], nextTo(a));
}

/** Rounds half to even, as ONNX specifies. */
function round([a = ZERO]: readonly Size[]): Size {
  if (a.constant !== undefined) {
    const below = Math.floor(a.constant);
    const rest = a.constant - below;
    return Size.of(rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1);
  }
  return a.integer ? a : Size.opaque('round', [a], nextTo(a));
}

/** Absolute value; for the smallest integer of a type, it overflows and is negative. */
function absolute([a = ZERO]: readonly Size[], elem: number, sizes: ExactSizes): Size {
  if (a.min >= 0) return a;
  const exact = isFollowed(elem) && sizes.isExact(a, elem);
  if (exact && a.constant !== undefined) return Size.of(Math.abs(a.constant));
  const facts = { min: exact ? 0 : -Infinity, growth: growthWithin([a]) };
  return Size.opaque('abs', [a], { integer: a.integer, ...facts });
}

function truncated(a: Size): Size {
  if (a.constant !== undefined) return Size.of(Math.trunc(a.constant));
  return a.integer ? a : Size.opaque('trunc', [a], nextTo(a));
}

function nonZero(a: Size): Size {
  const order = a.compare(ZERO);
  if (order !== undefined) return truth(order !== 0);
  return Size.opaque('non-zero', [a], TRUTH);
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
  return b.is(1) ? a : Size.opaque('and', [a, b], TRUTH);
}

function or([a = ZERO, b = ZERO]: readonly Size[]): Size {
  if (a.is(1) || b.is(1)) return ONE;
  if (a.is(0)) return b;
  return b.is(0) ? a : Size.opaque('or', [a, b], TRUTH);
}

function not([a = ZERO]: readonly Size[]): Size {
  return a.constant === undefined ? Size.opaque('not', [a], TRUTH) : truth(a.constant === 0);
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
  Min: extreme('least', lesser),
  Max: extreme('greatest', greater),
  Neg: ([a = ZERO], elem, sizes) => multiply([a, Size.of(-1)], elem, sizes),
  Abs: absolute,
  Floor: floor,
  Ceil: ceil,
  Round: round,
  Identity: ([a = ZERO]) => a,
  Equal: equal,
  Less: less,
  Greater: ([a = ZERO, b = ZERO], ...rest) => less([b, a], ...rest),
  LessOrEqual: lessOrEqual,
  GreaterOrEqual: ([a = ZERO, b = ZERO], ...rest) => lessOrEqual([b, a], ...rest),
  And: and,
  Or: or,
  Not: not,
  Where: ([condition = ZERO, a = ZERO, b = ZERO]) => {
    if (condition.constant !== undefined) return condition.constant === 0 ? b : a;
    return a.equals(b)
      ? a
      : Size.opaque('where', [condition, a, b], {
          integer: a.integer && b.integer,
          min: Math.min(a.min, b.min),
          growth: growthWithin([a, b]),
        });
  },
};

export function product(values: readonly Size[], elem: number, sizes: ExactSizes): Size {
  return values.reduce((all, value) => multiply([all, value], elem, sizes), ONE);
}

export function sum(values: readonly Size[], elem: number, sizes: ExactSizes): Size {
  return values.reduce((all, value) => add([all, value], elem, sizes), ZERO);
}
