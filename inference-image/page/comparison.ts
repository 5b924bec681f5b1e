import type { Element, ExpectedTensor, Tensor } from './tensor';

/** Difference between an element and its expected value. */
export interface Difference {
  /** Absolute difference of two numbers; undefined for values that are not numbers. */
  readonly distance?: number;
  readonly allowed: number;
  readonly isWithin: boolean;
}

/** Applies the server's rule for golden examples: |actual - expected| <= absolute + relative * |expected|. */
export function compareElement(got: Element | undefined, expected: Element, tensor: ExpectedTensor): Difference {
  const isFloat = /^FP/.test(tensor.datatype);
  if (!isFloat || got === undefined) return { ...exactly(got, expected), allowed: 0 };
  const { absolute, relative } = tensor.tolerance;
  const [a, b] = [floatOf(got, tensor), floatOf(expected, tensor)];
  const allowed = absolute + relative * Math.abs(b);
  if (a === b || Object.is(a, b)) return { distance: 0, allowed, isWithin: true };
  const distance = Math.abs(a - b);
  return { distance, allowed, isWithin: Number.isFinite(distance) && distance <= allowed };
}

function exactly(got: Element | undefined, expected: Element): Omit<Difference, 'allowed'> {
  const isWithin = String(got) === String(expected);
  const areNumbers = typeof got !== 'boolean' && typeof expected === 'number' && typeof got === 'number';
  return areNumbers ? { distance: Math.abs(got - expected), isWithin } : { isWithin };
}

/** Converts a floating-point element to a number; NaN and the infinities are strings in JSON. */
function floatOf(element: Element, { datatype }: Tensor): number {
  return datatype === 'FP32' ? Math.fround(Number(element)) : Number(element);
}

export interface Comparison {
  readonly tensor: ExpectedTensor;
  /** Differences of all elements; undefined if the tensors are not comparable. */
  readonly differences?: readonly Difference[];
  /** Reason why the tensors are not comparable; undefined if they are. */
  readonly problem?: string;
}

export function compareTensor(got: Tensor | undefined, expected: ExpectedTensor): Comparison {
  if (!got) return { tensor: expected, problem: 'is missing' };
  if (got.datatype !== expected.datatype) {
    return { tensor: expected, problem: `is ${got.datatype}; expected ${expected.datatype}` };
  }
  if (String(got.shape) !== String(expected.shape)) {
    return { tensor: expected, problem: `has shape [${got.shape}]; expected [${expected.shape}]` };
  }
  const differences = expected.data.map((element, i) => compareElement(got.data[i], element, expected));
  return { tensor: expected, differences };
}

export interface Verdict {
  readonly isGood: boolean;
  readonly text: string;
}

/** Verdict about all outputs, in one sentence. */
export function verdict(comparisons: readonly Comparison[]): Verdict {
  const problems = comparisons.flatMap(({ tensor, problem }) => (problem ? [`${tensor.name} ${problem}`] : []));
  if (problems.length > 0) return { isGood: false, text: `✗ Not as expected: ${problems.join('; ')}.` };
  const all = comparisons.flatMap(({ differences = [] }) => differences);
  const off = all.filter(({ isWithin }) => !isWithin).length;
  const count = all.length.toLocaleString('en');
  if (off > 0)
    return { isGood: false, text: `✗ ${off.toLocaleString('en')} of ${count} elements exceed the tolerance.` };
  const largest = all.reduce((most, { distance = 0 }) => Math.max(most, distance), 0);
  const apart = largest === 0 ? 'no difference' : `largest difference ${shortNumber(largest)}`;
  return { isGood: true, text: `✓ As expected: ${count} ${all.length === 1 ? 'element' : 'elements'}, ${apart}.` };
}

/** Text of a difference with three significant digits. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
