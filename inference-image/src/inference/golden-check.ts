import type { Tolerance } from '../contract/golden';
import type { Executor, Run } from './executor';
import type { Tensor } from './tensor';

/** A run and the outputs that it must give. */
export interface GoldenRun {
  readonly name: string;
  /** Makes the run anew, since each gives its data away. */
  readonly makeRun: () => Run;
  readonly expected: readonly Tensor[];
  readonly tolerance: Tolerance;
}

/** Throws if the model does not reproduce an example: it is another model, or this processor computes otherwise. */
export async function checkGolden(executor: Executor, golden: GoldenRun): Promise<void> {
  const { outputs } = await executor.run(golden.makeRun());
  for (const expected of golden.expected) {
    const got = outputs.find(({ name }) => name === expected.name);
    const difference = got ? compare(got, expected, golden.tolerance) : 'is missing';
    if (difference) {
      throw new Error(
        `golden example ${JSON.stringify(golden.name)}: output ${JSON.stringify(expected.name)} ${difference}`,
      );
    }
  }
}

function compare(got: Tensor, expected: Tensor, tolerance: Tolerance): string | undefined {
  if (got.datatype !== expected.datatype) return `is ${got.datatype}; expected ${expected.datatype}`;
  if (String(got.shape) !== String(expected.shape)) return `has shape [${got.shape}]; expected [${expected.shape}]`;
  for (let i = 0; i < expected.data.length; i++) {
    const a = got.data[i];
    const b = expected.data[i];
    if (Object.is(a, b) || a === b) continue;
    if (!isFloat(got) || typeof a !== 'number' || typeof b !== 'number') return `element ${i} is ${a}; expected ${b}`;
    const allowed = tolerance.absolute + tolerance.relative * Math.abs(b);
    const off = Math.abs(a - b);
    if (!(off <= allowed)) return `element ${i} is ${a}; expected ${b}: ${off} apart, ${allowed} allowed`;
  }
  return undefined;
}

/** Elements of FP16 are held as bits, and are compared as such. */
function isFloat({ datatype }: Tensor): boolean {
  return datatype === 'FP32' || datatype === 'FP64';
}
