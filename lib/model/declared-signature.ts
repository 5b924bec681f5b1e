import type { TrialRun } from '../../inference-image/src/contract/load-run';
import { contradicts, symbolSizes } from '../../inference-image/src/contract/shape-claims';
import {
  type Dimension,
  dimensionsText,
  type Signature,
  type TensorSignature,
} from '../../inference-image/src/contract/signature';

/** Runs of a model on made-up inputs. Plain JSON, so that it can be cached. */
export interface ShapeTrial {
  readonly runs: readonly TrialRun[];
  /** Why there are no more, where there should be. */
  readonly stopped?: string;
}

/** Whether the shapes of a signature were compared with what the model gives, at two sizes of each free dimension. */
export type SignatureProof = { readonly proved: true } | { readonly proved: false; readonly reason: string };

/** What a model takes and gives, as far as a trial shows. */
export interface TriedSignature {
  readonly signature: Signature;
  readonly proof: SignatureProof;
  /** Outputs that are declared otherwise, each with a shape that shows it. */
  readonly corrections: readonly Correction[];
}

export interface Correction {
  readonly declared: TensorSignature;
  readonly given: TensorSignature;
  readonly shape: readonly number[];
  /** Of the inputs in the same run. */
  readonly inputShapes: TrialRun['inputs'];
}

/** Corrects what a file declares of its outputs where a run shows otherwise; runs that agree prove nothing more. */
export function triedSignature(declared: Signature, trial: ShapeTrial): TriedSignature {
  const varying = declared.outputs.find((_, index) => new Set(trial.runs.map((run) => rankOf(run, index))).size > 1);
  if (varying) {
    const reason = `output "${varying.name}" has another number of dimensions from run to run`;
    return { signature: declared, proof: { proved: false, reason }, corrections: [] };
  }
  const corrections = declared.outputs.flatMap((output, index) => {
    const against = trial.runs.find((run) => contradicts(run.outputs[index]!, output, symbolSizes(declared, run)));
    if (!against) return [];
    const given = { ...output, dimensions: givenDimensions(declared, trial.runs, index) };
    return [{ declared: output, given, shape: against.outputs[index]!, inputShapes: against.inputs }];
  });
  const outputs = declared.outputs.map(
    (output) => corrections.find((correction) => correction.declared === output)?.given ?? output,
  );
  const signature = corrections.length > 0 ? { ...declared, outputs } : declared;
  return { signature, proof: proofOf(declared, trial), corrections };
}

/** What a plan says of it. */
export function correctionText(path: string, { inputs }: Signature, correction: Correction): string {
  const { declared, given, shape, inputShapes } = correction;
  const example = inputs.map(({ name }, index) => `"${name}" of ${dimensionsText(inputShapes[index]!)}`).join(', ');
  return `${path}: output "${declared.name}" is declared as ${dimensionsText(declared.dimensions)}, and the model gives ${dimensionsText(given.dimensions)} (${dimensionsText(shape)} for ${example}). The signature, and all that is derived from it, says what the model gives. Export the model with that shape, so that the file says the same.`;
}

function rankOf(run: TrialRun, output: number): number {
  return run.outputs[output]!.length;
}

/** The dimensions of an output that contradicts its declaration. */
function givenDimensions(declared: Signature, runs: readonly TrialRun[], index: number): Dimension[] {
  const { dimensions } = declared.outputs[index]!;
  const all = runs.map((run) => ({ shape: run.outputs[index]!, sizes: symbolSizes(declared, run) }));
  const rank = all[0]!.shape.length;
  const isFixedInput = unvariedDimensions(declared, runs).length === 0;
  return Array.from({ length: rank }, (_, axis) => {
    const seen = all.map(({ shape }) => shape[axis]!);
    if (rank === dimensions.length) {
      const claim = dimensions[axis]!;
      const isTrue = all.every(({ shape, sizes }) => !contradicts([shape[axis]!], { dimensions: [claim] }, sizes));
      if (isTrue) return claim;
      // What counts something else, such as what a detector finds.
      if (typeof claim === 'string') return null;
    }
    const symbol = symbolsOf(declared).find(
      (symbol) =>
        new Set(all.map(({ sizes }) => sizes.get(symbol))).size > 1 &&
        all.every(({ sizes }, run) => sizes.get(symbol) === seen[run]),
    );
    if (symbol !== undefined) return symbol;
    return isFixedInput && seen[0]! > 0 && new Set(seen).size === 1 ? seen[0]! : null;
  });
}

function symbolsOf({ inputs }: Signature): string[] {
  const symbols = inputs.flatMap(({ dimensions }) => dimensions.filter((size) => typeof size === 'string'));
  return [...new Set(symbols)];
}

function proofOf(declared: Signature, { runs, stopped }: ShapeTrial): SignatureProof {
  const [unvaried] = unvariedDimensions(declared, runs);
  if (runs.length > 0 && unvaried === undefined) return { proved: true };
  return { proved: false, reason: stopped ?? unvaried ?? 'the model was not run' };
}

/** Free dimensions of the inputs that had one size in all runs, in words. */
function unvariedDimensions({ inputs }: Signature, runs: readonly TrialRun[]): string[] {
  const sizes = new Map<string, Set<number>>();
  inputs.forEach(({ name, dimensions }, index) =>
    dimensions.forEach((dimension, axis) => {
      if (typeof dimension === 'number') return;
      const key = dimension === null ? `dimension ${axis} of input "${name}"` : `dimension "${dimension}"`;
      const seen = sizes.get(key) ?? new Set();
      for (const run of runs) seen.add(run.inputs[index]![axis]!);
      sizes.set(key, seen);
    }),
  );
  return [...sizes]
    .filter(([, seen]) => seen.size < 2)
    .map(([key, seen]) => `with made-up inputs, the model runs at one size of ${key} only, ${[...seen].join()}`);
}
