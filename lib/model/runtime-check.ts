import { existsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import type { LoadReport, LoadOrder, TrialReport } from '../../inference-image/src/contract/load-messages';
import { modelDigest } from '../../inference-image/src/contract/model-manifest';
import type { Signature } from '../../inference-image/src/contract/signature';
import { readCache, writeCache } from '../base/cache';
import { ModelServingError, type Problem } from '../base/errors';
import { bundleErrors } from '../base/server-files';
import { packageRoot } from '../base/package-root';
import { type ProcessFailure, reportsOf } from '../base/runtime-process';
import type { ShapeTrial } from './declared-signature';
import { hasUnsafeOperator } from './empty-inputs';
import { modelErrors } from './errors';
import { areUnchanged } from '../base/source-file';
import { type ValueInfo } from '../onnx/value-info';
import { RUNTIME_VERSION } from './runtime-limits';
import type { Weights } from './weights';

/** Program that loads a model with the server's own session code and runs it on generated inputs. */
const PROGRAM = join(packageRoot, 'dist', 'inference-image', 'load-program.cjs');

/** Limits on the runs after a model is loaded. A model that exceeds them keeps its declared shapes. */
const TRIAL_SECONDS = 10;
const MAX_TRIAL_BYTES = 2 * 1024 ** 3;

const MAX_REASON_LENGTH = 300;

/** Results of loading and running a model. */
export interface RuntimeFindings {
  readonly problems: readonly Problem[];
  /** Results of the runs; undefined if the model was not loaded. */
  readonly trial?: ShapeTrial;
}

/**
 * Loads the model in the image's version of the runtime and runs it on generated inputs. Results are cached. The
 * runtime is called in a child process, because its API is asynchronous and a crash in it kills the process.
 *
 * @param path - path of the model as the user gave it, for messages
 * @param declared - signature as declared in the file
 * @throws ModelServingError `server-bundle-missing`
 */
export function checkRuntime(path: string, weights: Weights, declared: Signature): RuntimeFindings {
  const key = `runtime-check 6 ${RUNTIME_VERSION} ${modelDigest(weights.files)}`;
  const cached = readCache<ShapeTrial>(key);
  if (cached) return { problems: [], trial: cached };

  const triesEmpty = !hasUnsafeOperator(weights.graph.operators);
  const { loaded, isCutShort, ...found } = loadInChild(weights.files[0].sourcePath, declared, triesEmpty);
  const problems = problemsOf(path, loaded, found.trial, weights);
  // The number of runs that the limits allow depends on the machine, but the signature must not.
  const trial = isCutShort ? { ...found.trial, runs: [] } : found.trial;
  // Failures to load are not cached, because a cause such as lack of memory may be temporary. Trials that were cut
  // short are cached, because repeating them would take as long. Nothing is cached if the files changed in the
  // meantime.
  if (problems.length === 0 && areUnchanged(weights.files)) writeCache(key, trial);
  return { problems, trial: 'outputs' in loaded ? trial : undefined };
}

interface LoadedInChild {
  readonly loaded: LoadReport;
  readonly trial: ShapeTrial;
  /** Whether a limit or a crash cut the trial short. */
  readonly isCutShort: boolean;
}

/**
 * Loads and runs the model in a child process. The first line of the report shows whether the model was loaded, even if
 * a run crashes the process later.
 */
function loadInChild(modelPath: string, signature: Signature, triesEmpty: boolean): LoadedInChild {
  if (!existsSync(PROGRAM)) throw new ModelServingError([bundleErrors.bundleMissing(PROGRAM)]);
  const order: LoadOrder = { modelPath, signature, trial: trialLimits(), triesEmpty };
  const { lines, ending } = reportsOf('loads it', [PROGRAM], JSON.stringify(order));
  const [first, ...others] = lines as [LoadReport?, ...TrialReport[]];
  const loaded = first ?? ending ?? { failure: 'the process that loads it exited without a report' };
  const runs = others.flatMap((line) => ('run' in line ? [line.run] : []));
  const end = others.find((line) => 'stopped' in line);
  const last = others.at(-1);
  // Unusual inputs are tried after all other runs, so a crash or a limit at this point does not invalidate those runs.
  if (others.some((line) => 'edge' in line)) {
    const edge = ending && last && 'edge' in last ? { ...last, ending: endingOfTrial(ending)! } : undefined;
    return { loaded, isCutShort: false, trial: { runs, edge } };
  }
  const stopped = end?.stopped ?? endingOfTrial(ending);
  const isCutShort = end?.byLimit === true || ending !== undefined;
  const crash = end || first === undefined ? undefined : endingOfTrial(ending);
  return { loaded, isCutShort, trial: { runs, stopped: stopped && reasonFor(stopped, modelPath), crash } };
}

/**
 * Limits of the runs. Memory is limited to at most half of what is available, because some systems kill the synth
 * together with the child process if memory runs out.
 */
function trialLimits(): LoadOrder['trial'] {
  const memoryBytes = Math.min(MAX_TRIAL_BYTES, Math.floor(availableBytes() / 2));
  return { seconds: TRIAL_SECONDS, memoryBytes };
}

/** Available memory, within the limits of a container if this version of Node can read them. */
function availableBytes(): number {
  return process.availableMemory?.() ?? freemem();
}

function endingOfTrial(ending: ProcessFailure | undefined): string | undefined {
  if (!ending) return undefined;
  return 'failure' in ending ? ending.failure.replace('loads it', 'runs it') : ending.unavailable;
}

/** Shortened reason why a trial has too few runs. */
function reasonFor(stopped: string, modelPath: string): string {
  const text = readable(stopped, modelPath).replace(
    /^the model cannot run on this input/,
    'it rejects generated inputs',
  );
  return text.length > MAX_REASON_LENGTH ? `${text.slice(0, MAX_REASON_LENGTH)}…` : text;
}

function problemsOf(
  path: string,
  loaded: LoadReport,
  { runs, stopped = 'it was not run' }: ShapeTrial,
  { graph, files }: Weights,
): Problem[] {
  if ('unavailable' in loaded) return [modelErrors.runtimeUnavailable(path, sentence(loaded.unavailable))];
  if ('failure' in loaded) {
    const { failure } = loaded;
    return [modelErrors.modelNotLoadable(path, readable(failure, files[0].sourcePath), remedyFor(failure))];
  }
  // Runs show the actual shapes.
  if (runs.length > 0) return [];
  return graph.outputs
    .filter((output) => contradicts(output, loaded.outputs.find(({ name }) => name === output.name)?.shape))
    .map((output) => modelErrors.shapeContradicted(path, output, stopped));
}

/**
 * Whether a declared shape contradicts the shape that onnxruntime reports. If the declared shape differs from the
 * inferred one, onnxruntime keeps neither: it reports no rank, or a size of -1.
 */
function contradicts({ dimensions }: ValueInfo, inferred: readonly number[] | undefined): boolean {
  if (!dimensions || !inferred) return false;
  return (
    dimensions.length !== inferred.length ||
    dimensions.some((dimension, axis) => typeof dimension === 'number' && dimension !== inferred[axis])
  );
}

/**
 * Parts of messages to remove, such as `[ONNXRuntimeError] : 1 : FAIL :`, `tensorprotoutils.cc:461 Validate` and
 * `/path/model.cc:202 onnxruntime::Model::Model(…)`.
 */
const NOISE =
  /\S+\.(?:cc|h|cpp):\d+ (?:[\w ]*\w(?:::[~\w]+)+\([^()]*\)(?: const)? |\w+ )|\[ONNXRuntimeError\] : \d+ : \w+ : |^failed:/g;

/** The runtime's message without the model path and the locations in its C++ source. */
function readable(message: string, sourcePath: string): string {
  return sentence(message.replace(`Load model from ${sourcePath} `, '').replace(NOISE, '').replace(/\s+/g, ' '));
}

function sentence(message: string): string {
  return message.trim().replace(/\.$/, '');
}

function remedyFor(failure: string): string {
  if (failure.includes('Could not find an implementation')) {
    return 'onnxruntime has no CPU kernel for this operator with these types at this opset. Convert bfloat16 to float32, or export with a newer opset.';
  }
  if (/is not a registered function|No Op registered/.test(failure)) {
    return "Check the operator's name and domain, or export with an opset that includes it.";
  }
  return 'Run onnx.checker.check_model(path, full_check=True) for details, and export the model again.';
}
