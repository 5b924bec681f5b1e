import type { Golden } from '../golden/errors';
import type { PictureInput } from '../../inference-image/src/contract/picture-input';
import type { TrialRun } from '../../inference-image/src/contract/load-messages';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import { isReproduced } from '../golden/check-golden';
import { checkGolden } from '../golden/golden-file';
import { correctionText, type ShapeTrial, type SignatureProof, triedSignature } from '../model/declared-signature';
import { checkLocales } from '../model/locales';
import { checkRuntime } from '../model/runtime-check';
import { checkTrainingMode } from '../model/training-mode';
import type { Weights } from '../model/weights';

/** A model's signature, and whether it was verified. */
export interface ModelShapes {
  readonly signature: Signature;
  readonly proof: SignatureProof;
  /** Warnings about corrected outputs and about runs that crashed the process. */
  readonly warnings: readonly string[];
  /** Golden examples that the model reproduces although their shapes contradict the signature. */
  readonly reproduced?: Golden;
}

/** Shapes and problems found by the runtime. */
export interface RuntimeShapes extends ModelShapes {
  readonly problems: readonly Problem[];
  /** Results of the runs; undefined if the model was not run. */
  readonly trial?: ShapeTrial;
}

/**
 * Loads a model and compares its declared shapes with its actual outputs.
 *
 * @param isSkipped - whether to skip loading and running the model
 */
export function shapesByTrial(path: string, weights: Weights, declared: Signature, isSkipped: boolean): RuntimeShapes {
  const problems = [...checkLocales(path, weights.graph), ...checkTrainingMode(path, weights.graph)];
  // The model is not loaded: without a locale, it might load on this machine but not in the image.
  if (problems.length > 0) return { ...unproved(declared, 'the model was not loaded'), problems };
  if (isSkipped) return unproved(declared, 'the model was not run, because runtimeCheck is "skip"');
  const found = checkRuntime(path, weights, declared);
  if (!found.trial) return { ...unproved(declared, 'the model was not loaded'), problems: found.problems };
  return { ...shapesOf(path, declared, found.trial), ...found };
}

/**
 * Adds the golden examples to the runs, if the model reproduces them although their shapes contradict the signature.
 */
export function shapesWithExamples(
  shapes: RuntimeShapes,
  path: string,
  weights: Weights,
  declared: Signature,
  golden: Golden | undefined,
  picture: PictureInput | undefined,
): ModelShapes {
  const { trial, signature, problems } = shapes;
  if (!golden || !trial || problems.length > 0) return shapes;
  if (checkGolden(golden, signature, picture !== undefined).length === 0) return shapes;
  if (!isReproduced(golden, path, weights, { signature: declared, picture })) return shapes;
  const runs = [...trial.runs, ...runsOfGolden(golden, declared, picture)];
  return { ...shapesOf(path, declared, { ...trial, runs }), reproduced: golden };
}

/** Converts the shapes of examples to runs. */
function runsOfGolden({ examples }: Golden, { inputs, outputs }: Signature, picture?: PictureInput): TrialRun[] {
  return examples.map(({ request, response }) => ({
    inputs: request ? inputs.map(({ name }) => shapeIn(request.inputs, name) ?? []) : [picture?.shape ?? []],
    outputs: outputs.map(({ name }) => shapeIn(response.outputs, name)),
  }));
}

function shapeIn(tensors: readonly { readonly name: string; readonly shape: readonly number[] }[], name: string) {
  return tensors.find((tensor) => tensor.name === name)?.shape;
}

function shapesOf(path: string, declared: Signature, trial: ShapeTrial): ModelShapes {
  const { signature, proof, corrections } = triedSignature(declared, trial);
  return {
    signature,
    proof,
    warnings: [
      ...corrections.map((correction) => correctionText(path, declared, correction)),
      ...(trial.crash === undefined ? [] : [crashText(path, 'generated inputs', trial.crash)]),
      ...(trial.edge?.edge === 'integers' ? [crashText(path, SMALLEST_INTEGERS, trial.edge.ending)] : []),
    ],
  };
}

/**
 * Inputs that may crash the process: dividing the smallest integer by -1 overflows, and the runtime does not check for
 * this case.
 */
const SMALLEST_INTEGERS = 'inputs that contain -1 and the smallest integer of their type';

function crashText(path: string, inputs: string, crash: string): string {
  return `${path}: when the model ran on ${inputs}, ${crash}. A request may crash the server in the same way. Test the model on your own inputs in onnxruntime before you serve it.`;
}

function unproved(declared: Signature, reason: string): RuntimeShapes {
  return { signature: declared, proof: { proved: false, reason }, warnings: [], problems: [] };
}
