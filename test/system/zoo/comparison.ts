import { elementsOf, type Element } from './elements';
import type { AnsweredTensor } from './exchange';
import { tolerances as LIMITS } from './models/tolerances.json';
import type { CaseTensor } from './prepared-model';

const TOLERANCES: Partial<Record<string, number>> = LIMITS;

/** Precision of a 32-bit float near 1. A model may compute a sigmoid near 0 by subtracting from 1. */
const ROUNDING_OF_ONE = 2 ** -23;

/** Difference between an answer and the correct one; undefined if the answer is correct. */
export function difference(expected: readonly CaseTensor[], answered: readonly AnsweredTensor[]): string | undefined {
  for (const tensor of expected) {
    const got = answered.find(({ name }) => name === tensor.name);
    if (!got) return `output ${tensor.name} is missing`;
    const problem = tensorDifference(tensor, got);
    if (problem) return `output ${tensor.name} ${problem}`;
  }
  return undefined;
}

function tensorDifference(expected: CaseTensor, got: AnsweredTensor): string | undefined {
  if (got.datatype !== expected.datatype) return `is ${got.datatype}, not ${expected.datatype}`;
  if (String(got.shape) !== String(expected.shape)) return `has shape [${got.shape}], not [${expected.shape}]`;
  const wanted = expected.texts ?? elementsOf(expected.datatype, expected.bytes);
  if (wanted.length !== got.elements.length) return `has ${got.elements.length} elements, not ${wanted.length}`;
  const tolerance = TOLERANCES[expected.datatype];
  return tolerance === undefined
    ? firstUnequal(wanted, got.elements)
    : farApart(wanted as number[], got.elements.map(Number), tolerance);
}

/**
 * Describes the first element that differs; undefined if all are equal. Integers beyond 2^53 are compared as the
 * nearest double if they come from JSON, and exactly if they come from binary data.
 */
function firstUnequal(wanted: readonly Element[], got: readonly Element[]): string | undefined {
  const at = wanted.findIndex((value, index) => {
    const other = got[index]!;
    return typeof value === 'bigint' && typeof other === 'number' ? Number(value) !== other : value !== other;
  });
  return at < 0 ? undefined : `is ${got[at]} at element ${at}, not ${wanted[at]}`;
}

function farApart(wanted: readonly number[], got: readonly number[], tolerance: number): string | undefined {
  const scale = wanted.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  let [worst, at] = [0, 0];
  wanted.forEach((value, index) => {
    if (Object.is(value, got[index]) || value === got[index]) return;
    const apart = Math.abs(value - got[index]!);
    // NaN and infinities have no numeric difference.
    const share = Number.isFinite(apart) ? apart / Math.max(scale * tolerance, ROUNDING_OF_ONE) : Infinity;
    if (share > worst) [worst, at] = [share, index];
  });
  return worst > 1 ? `is ${got[at]} at element ${at}, not ${wanted[at]}` : undefined;
}
