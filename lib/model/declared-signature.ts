import { contradicts, symbolSizes, type TrialRun } from '../../inference-image/src/contract/load-messages';
import {
  type Datatype,
  type Dimension,
  dimensionsText,
  inputSymbols,
  type Signature,
  type TensorSignature,
} from '../../inference-image/src/contract/signature';
import { elementType } from '../onnx/element-types';
import type { OnnxGraph } from './onnx-graph';
import { type ValueInfo } from '../onnx/value-info';

/** Results of running a model on generated inputs, as plain JSON so that they can be cached. */
export interface ShapeTrial {
  readonly runs: readonly TrialRun[];
  /** Why the trial has too few runs; undefined if it has enough. */
  readonly stopped?: string;
  /** How the process ended, if a run crashed it. */
  readonly crash?: string;
  /** Kind of unusual inputs that crashed the runtime, and how the process ended. */
  readonly edge?: { readonly edge: 'empty' | 'integers'; readonly ending: string };
}

/**
 * Whether the shapes of a signature were compared with the model's actual outputs, at two sizes of each free dimension.
 */
export type SignatureProof = { readonly proved: true } | { readonly proved: false; readonly reason: string };

/** Signature of a model, corrected by the results of a trial. */
export interface TriedSignature {
  readonly signature: Signature;
  readonly proof: SignatureProof;
  /** Outputs whose declaration is wrong, each with an actual shape as evidence. */
  readonly corrections: readonly Correction[];
}

export interface Correction {
  readonly declared: TensorSignature;
  readonly given: TensorSignature;
  readonly shape: readonly number[];
  /** Shapes of the inputs in the run that returned `shape`. */
  readonly inputShapes: TrialRun['inputs'];
}

/**
 * Corrects the declared outputs that contradict a run. A declaration that agrees with all runs is kept, even if the
 * runs would permit a more precise one.
 */
export function triedSignature(declared: Signature, trial: ShapeTrial): TriedSignature {
  const varying = declared.outputs.find((_, index) => new Set(shapesOf(trial.runs, index).map(rank)).size > 1);
  if (varying) {
    const reason = `the number of dimensions of output "${varying.name}" differs between runs`;
    return { signature: declared, proof: { proved: false, reason }, corrections: [] };
  }
  const corrections = declared.outputs.flatMap((output, index) => {
    const against = trial.runs.find((run) => {
      const shape = run.outputs[index];
      return shape !== undefined && contradicts(shape, output, symbolSizes(declared, run));
    });
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

/** Formats the warning about a correction. */
export function correctionText(path: string, { inputs }: Signature, correction: Correction): string {
  const { declared, given, shape, inputShapes } = correction;
  const example = inputs.map(({ name }, index) => `"${name}" of ${dimensionsText(inputShapes[index]!)}`).join(', ');
  return `${path}: output "${declared.name}" is declared as ${dimensionsText(declared.dimensions)}, but the model returns ${dimensionsText(given.dimensions)} (${dimensionsText(shape)} for ${example}). The signature, and everything derived from it, uses the actual shape. Export the model with that shape to correct the file.`;
}

/** Shapes of one output in all runs. */
function shapesOf(runs: readonly TrialRun[], output: number): (readonly number[])[] {
  return runs.flatMap(({ outputs }) => (outputs[output] ? [outputs[output]] : []));
}

function rank(shape: readonly number[]): number {
  return shape.length;
}

/** Actual dimensions of an output that contradicts its declaration. */
function givenDimensions(declared: Signature, runs: readonly TrialRun[], index: number): Dimension[] {
  const { dimensions } = declared.outputs[index]!;
  const shapes = shapesOf(runs, index);
  const sizes = runs.filter(({ outputs }) => outputs[index]).map((run) => symbolSizes(declared, run));
  const mayBeFixed = unvariedDimensions(declared, runs).length === 0 && isSameForAllValues(runs, index);
  return shapes[0]!.map((_, axis) => {
    const seen = shapes.map((shape) => shape[axis]!);
    const claim = dimensions[axis];
    if (shapes[0]!.length === dimensions.length && claim !== undefined) {
      const isTrue = seen.every((size, run) => !contradicts([size], { dimensions: [claim] }, sizes[run]!));
      if (isTrue) return claim;
      // The size differs from that of the input dimension with the same symbol. It may be, for example, the number of
      // objects that a detector finds.
      if (typeof claim === 'string') return null;
    }
    const symbol = inputSymbols(declared).find(
      (symbol) =>
        new Set(sizes.map((each) => each.get(symbol))).size > 1 &&
        sizes.every((each, run) => each.get(symbol) === seen[run]),
    );
    if (symbol !== undefined) return symbol;
    return mayBeFixed && seen[0]! > 0 && new Set(seen).size === 1 ? seen[0]! : null;
  });
}

/**
 * Whether the model ran several times on inputs with the same shapes but different values, and the output always had
 * the same shape.
 */
function isSameForAllValues(runs: readonly TrialRun[], index: number): boolean {
  const groups = new Map<string, string[]>();
  for (const { inputs, outputs } of runs) {
    if (!outputs[index]) continue;
    const key = JSON.stringify(inputs);
    groups.set(key, [...(groups.get(key) ?? []), JSON.stringify(outputs[index])]);
  }
  const all = [...groups.values()];
  return all.some((shapes) => shapes.length > 1) && all.every((shapes) => new Set(shapes).size === 1);
}

function proofOf(declared: Signature, { runs, stopped }: ShapeTrial): SignatureProof {
  const [unvaried] = unvariedDimensions(declared, runs);
  if (runs.length > 0 && unvaried === undefined) return { proved: true };
  return { proved: false, reason: stopped ?? unvaried ?? 'the model was not run' };
}

/** Describes the free input dimensions that had only one size in all runs. */
function unvariedDimensions({ inputs }: Signature, runs: readonly TrialRun[]): string[] {
  const sizes = new Map<string, Set<number>>();
  inputs.forEach(({ name, dimensions }, index) =>
    dimensions.forEach((dimension, axis) => {
      if (typeof dimension === 'number') return;
      const key = dimension === null ? `dimension ${axis} of input "${name}"` : `dimension "${dimension}"`;
      const seen = sizes.get(key) ?? new Set();
      for (const { inputs } of runs) seen.add(inputs[index]![axis]!);
      sizes.set(key, seen);
    }),
  );
  return [...sizes]
    .filter(([, seen]) => seen.size < 2)
    .map(([key, seen]) => `with generated inputs, the model runs at only one size of ${key}: ${[...seen].join()}`);
}

/** Inputs and outputs of a graph that has passed its checks. */
export function signatureOf({ inputs, outputs }: OnnxGraph): Signature {
  return { inputs: inputs.map(tensorSignature), outputs: outputs.map(tensorSignature) };
}

function tensorSignature({ name, elementType: code, dimensions }: ValueInfo): TensorSignature {
  return { name, datatype: elementType(code).datatype as Datatype, dimensions: [...(dimensions ?? [])] };
}
