import type { BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import type { TrialRun } from '../../inference-image/src/contract/load-messages';
import type { ModelManifest } from '../../inference-image/src/contract/model-manifest';
import type { ClassOutput, PictureInput } from '../../inference-image/src/contract/picture-input';
import { dimensionsText, type Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import { isReproduced } from '../golden/check-golden';
import type { Golden } from '../golden/errors';
import { checkGolden } from '../golden/golden-file';
import {
  correctionText,
  type ShapeTrial,
  signatureOf,
  type SignatureProof,
  triedSignature,
} from '../model/declared-signature';
import { unsafeOnEmptyInput } from '../model/empty-inputs';
import { checkLocales } from '../model/locales';
import { mergedCard, type ModelCard } from '../model/model-card';
import { cardOfFile } from '../model/read-card';
import { checkRuntime } from '../model/runtime-check';
import { checkTrainingMode } from '../model/training-mode';
import type { Weights } from '../model/weights';
import { resolveClassOutput } from '../preprocessing/class-output';
import { resolvePictureInput } from '../preprocessing/picture-input';
import type { OnnxModelProps } from './onnx-model-props';
import type { ModelFiles } from './read-model-files';

/** Description of a model to its clients and to the server, resolved from its files, its props and trial runs. */
export interface Declaration {
  /** Signature, with outputs corrected if a run contradicted their declared shapes. */
  readonly signature: Signature;
  /** Signature as declared in the file; the same object as `signature` if nothing was corrected. */
  readonly declared: Signature;
  /** Whether the signature was verified. */
  readonly proof: SignatureProof;
  /** Golden examples that the model reproduces although their shapes contradict the signature. */
  readonly reproduced?: Golden;
  readonly picture?: PictureInput;
  readonly classes?: ClassOutput;
  readonly card?: ModelCard;
  readonly batching: BatchingVerdict;
  readonly unsafeOnEmptyInput: ModelManifest['unsafeOnEmptyInput'];
  /** Problems with the picture input and the class output. */
  readonly problems: readonly Problem[];
  /** Problems that `runtimeCheck` can turn into warnings. */
  readonly runtimeProblems: readonly Problem[];
  /** Warnings about corrected outputs and about runs that crashed the process. */
  readonly shapeWarnings: readonly string[];
  /** Warnings about invalid values in the file, which the card omits. */
  readonly cardWarnings: readonly string[];
}

/**
 * Resolves the declaration of a model. Runs the model, unless `runtimeCheck` is `skip`.
 *
 * @param path - path of the model as the user gave it, for messages
 * @throws ModelServingError `server-bundle-missing`
 */
export function resolveDeclaration(path: string, props: OnnxModelProps, files: ModelFiles): Declaration {
  const { weights } = files;
  const { graph } = weights;
  const declared = signatureOf(graph);
  const byTrial = shapesByTrial(path, weights, declared, props.runtimeCheck === 'skip');
  const fileCard = cardOfFile(path, graph, props.card ?? {});
  const pictures = props.picture && resolvePictureInput(path, props.picture, declared);
  const picture = pictures?.picture;
  const shapes = shapesWithExamples(byTrial, path, files, declared, picture);
  const { classes, problems: classProblems } = resolveClassOutput(path, props, shapes.signature);
  return {
    signature: shapes.signature,
    declared,
    proof: shapes.proof,
    reproduced: shapes.reproduced,
    picture,
    classes,
    card: mergedCard(fileCard.card, props.card ?? {}),
    batching: verdictFor(shapes.signature, graph.proof.verdict),
    unsafeOnEmptyInput: unsafeOnEmptyInput(graph, byTrial.trial?.edge?.edge === 'empty'),
    problems: [...(pictures?.problems ?? []), ...classProblems],
    runtimeProblems: byTrial.problems,
    shapeWarnings: shapes.warnings,
    cardWarnings: fileCard.warnings,
  };
}

/** A model's signature, and whether it was verified. */
interface ModelShapes {
  readonly signature: Signature;
  readonly proof: SignatureProof;
  /** Warnings about corrected outputs and about runs that crashed the process. */
  readonly warnings: readonly string[];
  /** Golden examples that the model reproduces although their shapes contradict the signature. */
  readonly reproduced?: Golden;
}

/** Shapes and problems found by the runtime. */
interface RuntimeShapes extends ModelShapes {
  readonly problems: readonly Problem[];
  /** Results of the runs; undefined if the model was not run. */
  readonly trial?: ShapeTrial;
}

/**
 * Loads a model and compares its declared shapes with its actual outputs.
 *
 * @param isSkipped - whether to skip loading and running the model
 */
function shapesByTrial(path: string, weights: Weights, declared: Signature, isSkipped: boolean): RuntimeShapes {
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
function shapesWithExamples(
  shapes: RuntimeShapes,
  path: string,
  { weights, golden }: ModelFiles,
  declared: Signature,
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

/** Returns the verdict proved from the graph, or `fixed` if an output is declared without a free axis for its rows. */
function verdictFor({ outputs }: Signature, proved: BatchingVerdict): BatchingVerdict {
  if (proved.verdict !== 'independent') return proved;
  const output = outputs.find(({ dimensions }, i) => {
    const size = dimensions[proved.outputAxes[i]!];
    return size === undefined || typeof size === 'number';
  });
  if (!output) return proved;
  const declared = `output "${output.name}" is declared as ${dimensionsText(output.dimensions)}`;
  return { verdict: 'fixed', reason: `${declared}, with no free axis for its rows` };
}
