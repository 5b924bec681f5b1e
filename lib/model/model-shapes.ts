import type { ImageInput } from '../../inference-image/src/contract/image-input';
import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../errors';
import { isReproduced } from '../golden/check-golden';
import { checkGolden, type Golden } from '../golden/golden-file';
import { runsOfGolden } from '../golden/golden-shapes';
import { correctionText, type ShapeTrial, type SignatureProof, triedSignature } from './declared-signature';
import type { OnnxModelProps } from './onnx-model';
import { checkRuntime } from './runtime-check';
import type { Weights } from './weights';

/** A model's signature, and how far it is known to be true. */
export interface ModelShapes {
  readonly signature: Signature;
  readonly proof: SignatureProof;
  /** What is corrected, in words. */
  readonly corrections: readonly string[];
}

/** What the runtime shows of a model, where it is asked. */
export interface RuntimeShapes extends ModelShapes {
  readonly problems: readonly Problem[];
  /** Undefined where it was not run. */
  readonly trial?: ShapeTrial;
}

/** Loads a model and compares what it declares with what it gives. */
export function shapesByTrial(
  path: string,
  weights: Weights,
  declared: Signature,
  runtimeCheck: OnnxModelProps['runtimeCheck'],
): RuntimeShapes {
  if (runtimeCheck === 'skip') return unproved(declared, 'the model was not run, since runtimeCheck is "skip"');
  const { problems, trial } = checkRuntime(path, weights, declared);
  if (!trial) return { ...unproved(declared, 'the model was not loaded'), problems };
  return { ...shapesOf(path, declared, trial), problems, trial };
}

/**
 * What golden examples show besides, where their shapes are not those of the trial: examples that the model reproduces
 * are runs as well.
 */
export function shapesWithExamples(
  shapes: RuntimeShapes,
  path: string,
  weights: Weights,
  declared: Signature,
  golden: Golden | undefined,
  image: ImageInput | undefined,
): ModelShapes {
  const { trial, signature, problems } = shapes;
  if (!golden || !trial || problems.length > 0) return shapes;
  if (checkGolden(golden, signature, image !== undefined).length === 0) return shapes;
  if (!isReproduced(golden, path, weights, { signature: declared, image })) return shapes;
  const runs = [...trial.runs, ...runsOfGolden(golden, declared, image)];
  return shapesOf(path, declared, { ...trial, runs });
}

function shapesOf(path: string, declared: Signature, trial: ShapeTrial): ModelShapes {
  const { signature, proof, corrections } = triedSignature(declared, trial);
  return {
    signature,
    proof,
    corrections: corrections.map((correction) => correctionText(path, declared, correction)),
  };
}

function unproved(declared: Signature, reason: string): RuntimeShapes {
  return { signature: declared, proof: { proved: false, reason }, corrections: [], problems: [] };
}
