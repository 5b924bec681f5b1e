import { modelDigest } from '../../inference-image/src/contract/model-manifest';
import { REPORT_PREFIX } from '../../inference-image/src/contract/report';
import { readCache, writeCache } from '../cache';
import type { Problem } from '../errors';
import { type ProcessFailure, reportOf } from '../runtime-process';
import { modelErrors } from './errors';
import { areUnchanged } from './model-files';
import type { ValueInfo } from './onnx-graph';
import { RUNTIME_VERSION } from './runtime-limits';
import type { Weights } from './weights';

/** What the child process has to say. */
type Report =
  | { readonly outputs: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[] }
  | ProcessFailure;

/** Handed to `node -e`, since a script in a file of its own would have one path in the sources and another when built. */
const LOAD_MODEL = `
const [runtime, model] = process.argv.slice(1);
const report = (outcome) => console.log('${REPORT_PREFIX}' + JSON.stringify(outcome));
let ort;
try {
  ort = require(runtime);
} catch (error) {
  report({ unavailable: error.message });
}
ort?.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 }).then(
  (session) => report({ outputs: session.outputMetadata.map(({ name, shape = [] }) => ({ name, shape })) }),
  (error) => report({ failure: error.message }),
);
`;

/**
 * Loads the model in the runtime that the image has, once for each model: in a process of its own, since
 * onnxruntime's API is not synchronous and a crash in it ends the process.
 *
 * @param path - of the model as the user gave it, for messages
 */
export function checkRuntime(path: string, weights: Weights): Problem[] {
  const key = `runtime-check 1 ${RUNTIME_VERSION} ${modelDigest(weights.files)}`;
  if (readCache<true>(key)) return [];

  const report = loadInChild(weights.files[0].sourcePath);
  const problems = problemsOf(path, report, weights);
  // Failures are not kept: memory, say, may have run out for once.
  // A model that was replaced meanwhile is not the one that was loaded.
  if (problems.length === 0 && areUnchanged(weights.files)) writeCache(key, true);
  return problems;
}

function loadInChild(sourcePath: string): Report {
  return reportOf('loads it', ['-e', LOAD_MODEL, require.resolve('onnxruntime-node'), sourcePath]);
}

function problemsOf(path: string, report: Report, { graph, files }: Weights): Problem[] {
  if ('unavailable' in report) return [modelErrors.runtimeUnavailable(path, sentence(report.unavailable))];
  if ('failure' in report) {
    const { failure } = report;
    return [modelErrors.modelNotLoadable(path, readable(failure, files[0].sourcePath), remedyFor(failure))];
  }
  return graph.outputs
    .filter((output) => contradicts(output, report.outputs.find(({ name }) => name === output.name)?.shape))
    .map((output) => modelErrors.shapeContradicted(path, output));
}

/** Where a declared shape and the one it infers differ, onnxruntime keeps neither: no rank, or a size of ''. */
function contradicts({ dimensions }: ValueInfo, inferred: readonly (number | string)[] | undefined): boolean {
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
  return sentence(message.replace(`Load model from ${sourcePath} `, '').replace(NOISE, ''));
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
