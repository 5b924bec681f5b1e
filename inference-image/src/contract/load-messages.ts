import { shapeFits, type Signature, type TensorSignature } from './signature';

/** Messages to and from tools/load-program.ts, which loads a model and runs it in a process outside containers. */

export interface LoadOrder {
  readonly modelPath: string;
  /** Signature that the file declares. */
  readonly signature: Signature;
  /** Limits on the trial runs, which begin once the model is loaded. The process exits if they exceed a limit. */
  readonly trial: { readonly seconds: number; readonly memoryBytes: number };
  /** Whether to run the model on empty inputs as well. */
  readonly triesEmpty: boolean;
}

/** First line of the report. */
export type LoadReport =
  | { readonly outputs: readonly InferredOutput[] }
  | { readonly failure: string }
  /** The runtime cannot run on this machine. */
  | { readonly unavailable: string };

/** An output as the runtime infers it from the graph; its rank and sizes do not contradict the declaration. */
export interface InferredOutput {
  readonly name: string;
  /** Sizes of the dimensions, with -1 for each size that is not fixed. */
  readonly shape: readonly number[];
}

/** Later line of the report: a run that succeeded, or the reason why the trial stopped. */
export type TrialReport =
  | { readonly run: TrialRun }
  | { readonly stopped: string; readonly byLimit?: true }
  /**
   * Announces a run that may crash the process. If this line is the last one of the report, that run crashed the
   * process.
   */
  | { readonly edge: 'empty'; readonly shapes: TrialRun['inputs'] }
  | { readonly edge: 'integers' };

/** Shapes of one run, in the order of the signature; undefined for outputs that were not requested. */
export interface TrialRun {
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[] | undefined)[];
}

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
