import { existsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import type { LoadReport, LoadOrder, TrialReport } from '../../inference-image/src/contract/load-messages';
import { modelDigest } from '../../inference-image/src/contract/model-manifest';
import type { Signature } from '../../inference-image/src/contract/signature';
import { readCache, writeCache } from '../cache';
import { ModelServingError, type Problem } from '../errors';
import { imageErrors } from '../container-image/errors';
import { packageRoot } from '../package-root';
import { type ProcessFailure, reportsOf } from '../runtime-process';
import type { ShapeTrial } from './declared-signature';
import { hasEndingOperator } from './empty-inputs';
import { modelErrors } from './errors';
import { areUnchanged } from './model-files';
import type { ValueInfo } from './onnx-graph';
import { RUNTIME_VERSION } from './runtime-limits';
import type { Weights } from './weights';

/** The server's own session, as a program that loads a model and tries it. */
const PROGRAM = join(packageRoot, 'dist', 'inference-image', 'load-program.cjs');

/** Of the runs, which follow the load: a model that takes more keeps the shapes that it declares. */
const TRIAL_SECONDS = 10;
const MAX_TRIAL_BYTES = 2 * 1024 ** 3;

const MAX_REASON_LENGTH = 300;

/** What loading and running a model shows. */
export interface RuntimeFindings {
  readonly problems: readonly Problem[];
  /** Undefined where it was not loaded. */
  readonly trial?: ShapeTrial;
}

/**
 * Loads the model in the runtime that the image has and runs it on made-up inputs, once for each model: in a process
 * of its own, since onnxruntime's API is not synchronous and a crash in it ends the process.
 *
 * @param path - of the model as the user gave it, for messages
 * @param declared - the signature as the file has it
 * @throws ModelServingError `server-bundle-missing`
 */
export function checkRuntime(path: string, weights: Weights, declared: Signature): RuntimeFindings {
  const key = `runtime-check 6 ${RUNTIME_VERSION} ${modelDigest(weights.files)}`;
  const known = readCache<ShapeTrial>(key);
  if (known) return { problems: [], trial: known };

  const triesEmpty = !hasEndingOperator(weights.graph.operators);
  const { loaded, isCutShort, ...found } = loadInChild(weights.files[0].sourcePath, declared, triesEmpty);
  const problems = problemsOf(path, loaded, found.trial, weights);
  // How far a trial comes before a limit ends it depends on the machine, and the signature must not.
  const trial = isCutShort ? { ...found.trial, runs: [] } : found.trial;
  // Models that do not load are not kept: memory, say, may have run out for once. Trials that were cut short are: they
  // would take as long again.
  // A model that was replaced meanwhile is not the one that was loaded.
  if (problems.length === 0 && areUnchanged(weights.files)) writeCache(key, trial);
  return { problems, trial: 'outputs' in loaded ? trial : undefined };
}

interface LoadedInChild {
  readonly loaded: LoadReport;
  readonly trial: ShapeTrial;
  /** Whether a limit or a crash ended the trial. */
  readonly isCutShort: boolean;
}

/** Whatever ends the process during the trial, the model was loaded before. */
function loadInChild(modelPath: string, signature: Signature, triesEmpty: boolean): LoadedInChild {
  if (!existsSync(PROGRAM)) throw new ModelServingError([imageErrors.bundleMissing(PROGRAM)]);
  const order: LoadOrder = { modelPath, signature, trial: trialLimits(), triesEmpty };
  const { lines, ending } = reportsOf('loads it', [PROGRAM], JSON.stringify(order));
  const [first, ...others] = lines as [LoadReport?, ...TrialReport[]];
  const loaded = first ?? ending ?? { failure: 'the process that loads it ends without a report' };
  const runs = others.flatMap((line) => ('run' in line ? [line.run] : []));
  const end = others.find((line) => 'stopped' in line);
  const last = others.at(-1);
  // Edges come after all other runs, which count whatever ends the process then. A limit would be the last line.
  if (others.some((line) => 'edge' in line)) {
    const edge = ending && last && 'edge' in last ? { ...last, ending: endingOfTrial(ending)! } : undefined;
    return { loaded, isCutShort: false, trial: { runs, edge } };
  }
  const stopped = end?.stopped ?? endingOfTrial(ending);
  const isCutShort = end?.byLimit === true || ending !== undefined;
  const crash = end || first === undefined ? undefined : endingOfTrial(ending);
  return { loaded, isCutShort, trial: { runs, stopped: stopped && reasonFor(stopped, modelPath), crash } };
}

/** Where memory runs out, some systems end the synth together with the process that took it. */
function trialLimits(): LoadOrder['trial'] {
  const memoryBytes = Math.min(MAX_TRIAL_BYTES, Math.floor(availableBytes() / 2));
  return { seconds: TRIAL_SECONDS, memoryBytes };
}

/** Within the limits of a container, where this Node knows them. */
function availableBytes(): number {
  return process.availableMemory?.() ?? freemem();
}

function endingOfTrial(ending: ProcessFailure | undefined): string | undefined {
  if (!ending) return undefined;
  return 'failure' in ending ? ending.failure.replace('loads it', 'runs it') : ending.unavailable;
}

/** Of a trial without enough runs; the runtime says much. */
function reasonFor(stopped: string, modelPath: string): string {
  const text = readable(stopped, modelPath).replace(/^the model cannot run on this input/, 'it refuses made-up inputs');
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
  // A run shows the shape itself.
  if (runs.length > 0) return [];
  return graph.outputs
    .filter((output) => contradicts(output, loaded.outputs.find(({ name }) => name === output.name)?.shape))
    .map((output) => modelErrors.shapeContradicted(path, output, stopped));
}

/** Where a declared shape and the one it infers differ, onnxruntime keeps neither: no rank, or a size of -1. */
function contradicts({ dimensions }: ValueInfo, inferred: readonly number[] | undefined): boolean {
  if (!dimensions || !inferred) return false;
  return (
    dimensions.length !== inferred.length ||
    dimensions.some((dimension, axis) => typeof dimension === 'number' && dimension !== inferred[axis])
  );
}

/** `/path/model.cc:202 onnxruntime::Model::Model(…)`, `tensorprotoutils.cc:461 Validate`, `[ONNXRuntimeError] : 1 : FAIL :` */
const NOISE =
  /\S+\.(?:cc|h|cpp):\d+ (?:[\w ]*\w(?:::[~\w]+)+\([^()]*\)(?: const)? |\w+ )|\[ONNXRuntimeError\] : \d+ : \w+ : |^failed:/g;

/** The runtime's message without what we say ourselves, and without its places in C++. */
function readable(message: string, sourcePath: string): string {
  return sentence(message.replace(`Load model from ${sourcePath} `, '').replace(NOISE, '').replace(/\s+/g, ' '));
}

function sentence(message: string): string {
  return message.trim().replace(/\.$/, '');
}

function remedyFor(failure: string): string {
  if (failure.includes('Could not find an implementation')) {
    return 'It has no CPU kernel for this operator with these types at this opset: convert bfloat16 to float32, or export with a newer opset.';
  }
  if (/is not a registered function|No Op registered/.test(failure)) {
    return "Check the operator's name and domain, or export with an opset that has it.";
  }
  return 'See what onnx.checker.check_model(path, full_check=True) says, and export the model again.';
}
