import type { Tolerance } from '../contract/golden';
import type { Executor, Run } from './executor';
import { halfValue } from '../contract/half';
import type { Tensor } from '../tensor/tensor';

/** A run and its expected outputs. */
export interface GoldenRun {
  readonly name: string;
  /** Creates a new run for each attempt, because executors take ownership of its data. */
  readonly makeRun: () => Run;
  readonly expected: readonly ExpectedTensor[];
}

export interface ExpectedTensor extends Tensor {
  readonly tolerance: Tolerance;
}

/**
 * Throws if the model does not reproduce an example, because it is a different model or because this processor computes
 * differently.
 */
export async function checkGolden(executor: Executor, golden: GoldenRun): Promise<void> {
  const differences = await goldenDifferences(executor, golden);
  if (differences.length > 0) {
    throw new Error(`golden example ${JSON.stringify(golden.name)}: ${differences.join('; ')}`);
  }
}

/** Describes each output that differs from the example. */
export async function goldenDifferences(executor: Executor, golden: GoldenRun): Promise<string[]> {
  const { outputs } = await executor.run(golden.makeRun());
  return outputDifferences(outputs, golden.expected);
}

/** Describes each output that differs from the expected one. */
export function outputDifferences(outputs: readonly Tensor[], all: readonly ExpectedTensor[]): string[] {
  return all.flatMap((expected) => {
    const actual = outputs.find(({ name }) => name === expected.name);
    const difference = actual ? compare(actual, expected) : 'is missing';
    return difference ? [`output ${JSON.stringify(expected.name)} ${difference}`] : [];
  });
}

function compare(got: Tensor, expected: ExpectedTensor): string | undefined {
  if (got.datatype !== expected.datatype) return `is ${got.datatype}; expected ${expected.datatype}`;
  if (String(got.shape) !== String(expected.shape)) return `has shape [${got.shape}]; expected [${expected.shape}]`;
  // FP16 elements are stored as bits.
  const valueOf = (element: Element) => (got.datatype === 'FP16' ? halfValue(element as number) : element);
  let worst: { index: number; excess: number; text: string } | undefined;
  let count = 0;
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [valueOf(got.data[i]!), valueOf(expected.data[i]!)];
    if (Object.is(a, b) || a === b) continue;
    const { excess, text } = difference(a, b, isFloat(got) ? expected.tolerance : undefined);
    if (excess <= 1) continue;
    count++;
    if (!worst || excess > worst.excess) worst = { index: i, excess, text };
  }
  if (!worst) return undefined;
  const among = count === 1 ? '' : ` (the worst of ${count} differing elements out of ${expected.data.length})`;
  return `at [${indices(worst.index, got.shape)}] is ${worst.text}${among}`;
}

type Element = number | bigint | string;

/** Compares two elements. `excess` is the ratio of the difference to the allowed difference. */
function difference(a: Element, b: Element, tolerance: Tolerance | undefined): { excess: number; text: string } {
  const text = `${valueText(a)}; expected ${valueText(b)}`;
  if (!tolerance || typeof a !== 'number' || typeof b !== 'number') return { excess: Infinity, text };
  const allowed = tolerance.absolute + tolerance.relative * Math.abs(b);
  const distance = Math.abs(a - b);
  // A distance that is infinite or NaN is never within the tolerance.
  const excess = distance <= allowed && Number.isFinite(distance) ? 0 : distance / allowed || Infinity;
  return { excess, text: `${text}: ${short(distance)} apart, ${short(allowed)} allowed` };
}

function valueText(value: Element): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Rounds a difference to three significant digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** Converts an element's position in row-major order to its indices. */
function indices(index: number, shape: readonly number[]): string {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const position = rest % size;
      rest = Math.floor(rest / size);
      return position;
    })
    .reverse()
    .join(', ');
}

function isFloat({ datatype }: Tensor): boolean {
  return datatype === 'FP16' || datatype === 'FP32' || datatype === 'FP64';
}
