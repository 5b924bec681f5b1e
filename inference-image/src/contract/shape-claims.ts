import type { TrialRun } from './load-messages';
import { shapeFits, type Signature, type TensorSignature } from './signature';

/** Size of each symbol of the inputs in one run. */
export function symbolSizes({ inputs }: Signature, run: Pick<TrialRun, 'inputs'>): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach(({ dimensions }, index) =>
    dimensions.forEach((dimension, axis) => {
      const size = run.inputs[index]?.[axis];
      if (typeof dimension === 'string' && size !== undefined) sizes.set(dimension, size);
    }),
  );
  return sizes;
}

/**
 * Whether an output's shape contradicts its declared dimensions. Unnamed dimensions, and symbols that no input has,
 * match any size.
 */
export function contradicts(
  shape: readonly number[],
  output: Pick<TensorSignature, 'dimensions'>,
  sizes: ReadonlyMap<string, number>,
): boolean {
  if (!shapeFits(shape, output)) return true;
  return output.dimensions.some(
    (dimension, axis) => typeof dimension === 'string' && (sizes.get(dimension) ?? shape[axis]) !== shape[axis],
  );
}
