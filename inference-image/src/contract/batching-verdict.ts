import type { z } from 'zod/mini';
import type { batchingVerdictSchema } from './schemas';
import { dimensionName, type Signature, type TensorSignature } from './signature';

/**
 * Result of the proof of row independence from the graph; part of model.json.
 *
 * - `independent`: every output has exactly one row for each input row, in order, and no row influences another.
 * - `coupled`: rows influence each other at the named node, or an output does not have one row for each input row.
 * - `not understood`: the proof stopped at the named node.
 * - `fixed`: no input has a free axis that could count rows.
 */
export type BatchingVerdict = z.infer<typeof batchingVerdictSchema>;

/** Row axes of an independent model, and the maximum size of its other axes for which independence is proved. */
export type RowAxes = Pick<BatchingVerdict & { verdict: 'independent' }, 'inputAxes' | 'outputAxes' | 'maxSize'>;

/** Requests with an axis larger than this, other than the row axis, never share a run. */
export const MAX_SHARED_SIZE = 2 ** 28;

/** Reason why requests run one by one, as a clause for messages; undefined for an independent model. */
export function obstacleText(verdict: BatchingVerdict): string | undefined {
  switch (verdict.verdict) {
    case 'independent':
      return undefined;
    case 'coupled':
      return `node ${JSON.stringify(verdict.node)} (${verdict.operator}) ${verdict.reason}`;
    case 'not understood':
      return `it is not proved that rows are independent; the proof stops at node ${JSON.stringify(verdict.node)} (${verdict.operator}): ${verdict.reason}`;
    case 'fixed':
      return verdict.reason;
  }
}

/** Row axes; undefined unless the rows are independent. */
export function rowAxes(verdict: BatchingVerdict | undefined): RowAxes | undefined {
  return verdict?.verdict === 'independent' ? verdict : undefined;
}

/** Symbolic dimensions that count rows: the symbols at the row axes of the inputs. */
export function rowSymbols({ inputs }: Signature, axes: RowAxes | undefined): ReadonlySet<string> {
  const dimensions = inputs.map((input, i) => {
    const axis = axes?.inputAxes[i] ?? undefined;
    return axis === undefined ? undefined : input.dimensions[axis];
  });
  return new Set(dimensions.filter((dimension) => typeof dimension === 'string'));
}

/** Names of the inputs' dimensions that are not fixed and do not count rows, without duplicates. */
export function freeDimensions(signature: Signature, axes: RowAxes | undefined): string[] {
  const counting = rowSymbols(signature, axes);
  const names = signature.inputs.flatMap((input, i) =>
    input.dimensions.flatMap((dimension, axis) => {
      if (typeof dimension === 'number' || axis === axes?.inputAxes[i]) return [];
      return dimension !== null && counting.has(dimension) ? [] : [dimensionName(input, axis)];
    }),
  );
  return [...new Set(names)];
}

/** Problem with a row axis, or with the list of row axes, that contradicts the signature. */
export interface RowAxisProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Checks the axes of a verdict against its signature. */
export function rowAxisProblems({ inputs, outputs }: Signature, axes: RowAxes): RowAxisProblem[] {
  const { inputAxes, outputAxes } = axes;
  const problems = [...sideProblems('input', inputs, inputAxes), ...sideProblems('output', outputs, outputAxes)];
  if (problems.length > 0 || inputAxes.some((axis) => axis !== null)) return problems;
  return [{ path: ['inputAxes'], message: 'must name the row axis of at least one input' }];
}

function sideProblems(
  side: 'input' | 'output',
  tensors: readonly TensorSignature[],
  axes: readonly (number | null)[],
): RowAxisProblem[] {
  const field = `${side}Axes`;
  if (axes.length !== tensors.length) {
    return [{ path: [field], message: `must have ${tensors.length} elements, one for each ${side}` }];
  }
  return tensors.flatMap(({ name, dimensions }, i) => {
    const axis = axes[i] ?? undefined;
    if (axis === undefined) return [];
    const tensor = `${side} ${JSON.stringify(name)}`;
    const at = (message: string) => [{ path: [field, i], message }];
    if (axis >= dimensions.length) return at(`must be less than ${dimensions.length}, the rank of ${tensor}`);
    const size = dimensions[axis];
    return typeof size === 'number' ? at(`must not be an axis of fixed size: ${tensor} has size ${size} there`) : [];
  });
}
