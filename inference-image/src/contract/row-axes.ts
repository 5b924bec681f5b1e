import type { BatchingVerdict, RowAxes } from './batching-verdict';
import { dimensionName, type Signature, type TensorSignature } from './signature';

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
