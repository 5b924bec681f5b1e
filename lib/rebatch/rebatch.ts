import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BatchingVerdict, RowAxes } from '../../inference-image/src/contract/batching-verdict';
import type {
  RebatchComparison,
  RebatchOrder,
  RebatchReport,
} from '../../inference-image/src/contract/rebatch-messages';
import type { Dimension, Signature, TensorSignature } from '../../inference-image/src/contract/signature';
import { ModelServingError, type Problem } from '../base/errors';
import { fileSha256 } from '../base/file-hash';
import { packageRoot } from '../base/package-root';
import { reportOf } from '../base/runtime-process';
import { bundleErrors } from '../base/server-files';
import { shellWord } from '../base/text';
import { linkOrCopy, makeFolder } from '../base/write-file';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { readWeights, type Weights } from '../model/weights';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { type NewShapes, writeWithShapes } from '../onnx/write-shapes';

/** Program that compares two models with the trial of rows that the server also runs at startup. */
const PROGRAM = join(packageRoot, 'dist', 'inference-image', 'rebatch-program.cjs');

export interface RebatchOptions {
  /** Path of the ONNX file to write. */
  readonly out: string;
  /** Whether to overwrite an existing file. */
  readonly force?: boolean;
  /** Path of the model's golden examples. The models are also compared on the values of these examples. */
  readonly golden?: string;
}

export interface Rebatched {
  /** Name of the dimension that counts rows in inputs and outputs. */
  readonly symbol: string;
  readonly axes: RowAxes;
  readonly comparison: RebatchComparison;
}

/** A verdict that does not prove the rows independent, and therefore has no row axes. */
type Unproved = Exclude<BatchingVerdict, { verdict: 'independent' }>;

/**
 * Copies a model that accepts one row, so that the copy accepts any number of rows, and compares the two models. Fails
 * if the rows cannot be proved independent.
 *
 * @param path - path of the model as the user gave it
 * @throws ModelServingError `rebatch-…`, and the problems of the new model
 */
export function rebatch(model: OnnxModel, path: string, options: RebatchOptions): Rebatched {
  const { out, force = false } = options;
  const weights = readWeights(path);
  const { verdict: declared, ifFreed } = weights.graph.proof;
  if (declared.verdict === 'independent') throw new ModelServingError([notNeeded(path, model, declared)]);
  checkTarget(path, out, force);
  const symbol = rowSymbol(model.signature);
  const temporary = join(dirname(out), `.${basename(out)}.${randomUUID()}`);
  const added: string[] = [];
  try {
    makeFolder(dirname(out));
    copyExternalData(path, weights, dirname(out), added);
    const axes = ifFreed ?? provedByWriting(model, path, temporary, declared, symbol);
    writeWithShapes(path, temporary, freedShapes(model.signature, axes, symbol));
    const { verdict } = readWeights(temporary).graph.proof;
    if (verdict.verdict !== 'independent') throw new ModelServingError([refusal(path, verdict)]);
    const comparison = compare(model, path, temporary, axes, options.golden);
    renameSync(temporary, out);
    return { symbol, axes, comparison };
  } catch (error) {
    for (const file of added) rmSync(file, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof ModelServingError || typeof code !== 'string') throw error;
    throw new ModelServingError([rebatchErrors.notWritten(out, message)]);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function notNeeded(path: string, { signature }: OnnxModel, { inputAxes }: RowAxes) {
  const index = inputAxes.findIndex((axis) => axis !== null);
  return rebatchErrors.notNeeded(path, signature.inputs[index]!.name, inputAxes[index]!);
}

function checkTarget(path: string, out: string, force: boolean): void {
  if (!existsSync(out)) return;
  if (realpathSync(out) === realpathSync(path)) throw new ModelServingError([rebatchErrors.ontoItself(path, out)]);
  if (!force) throw new ModelServingError([rebatchErrors.exists(out)]);
}

/**
 * Links or copies external data beside the new model, at the locations that the model file specifies.
 *
 * @param added - receives the path of each file that did not exist before
 */
function copyExternalData(path: string, { files: [, ...external] }: Weights, folder: string, added: string[]): void {
  const wanted = external.map((file) => ({ ...file, target: join(folder, file.path) }));
  const other = wanted.find(({ target, sha256 }) => existsSync(target) && fileSha256(target).sha256 !== sha256);
  if (other) throw new ModelServingError([rebatchErrors.otherData(path, other.target)]);
  for (const { sourcePath, target } of wanted.filter((file) => !existsSync(file.target))) {
    makeFolder(dirname(target));
    added.push(target);
    linkOrCopy(sourcePath, target);
  }
}

/**
 * Frees the rows in a temporary copy and proves them independent there. If the proof fails, the error names the node at
 * which it fails.
 */
function provedByWriting(
  model: OnnxModel,
  path: string,
  temporary: string,
  declared: Unproved,
  symbol: string,
): RowAxes {
  const { signature } = model;
  const inputAxes = signature.inputs.map(({ dimensions }) => (dimensions[0] === 1 ? 0 : null));
  if (!inputAxes.includes(0)) throw new ModelServingError([refusal(path, declared)]);
  writeWithShapes(path, temporary, freedShapes(signature, { inputAxes }, symbol));
  const { verdict } = readWeights(temporary).graph.proof;
  rmSync(temporary);
  if (verdict.verdict !== 'independent') throw new ModelServingError([refusal(path, verdict)]);
  return verdict;
}

function refusal(path: string, verdict: Unproved) {
  if (verdict.verdict === 'fixed') return rebatchErrors.notOne(path, verdict.reason);
  return rebatchErrors.unproved(path, verdict);
}

function compare(
  model: OnnxModel,
  path: string,
  freedPath: string,
  axes: RowAxes,
  golden: string | undefined,
): RebatchComparison {
  if (!existsSync(PROGRAM)) throw new ModelServingError([bundleErrors.bundleMissing(PROGRAM)]);
  const { declaredSignature: signature, picture, files } = model;
  const order: RebatchOrder = { originalPath: files[0]!.sourcePath, freedPath, signature, axes, golden, picture };
  const report = reportOf<RebatchReport>('compares the models', [PROGRAM], JSON.stringify(order));
  if ('difference' in report) throw new ModelServingError([rebatchErrors.differs(path, report.difference)]);
  if (!('largestBatch' in report)) {
    const reason = 'failure' in report ? report.failure : report.unavailable;
    throw new ModelServingError([rebatchErrors.notCompared(path, reason)]);
  }
  if (report.largestBatch < 2) {
    throw new ModelServingError([
      rebatchErrors.notCompared(
        path,
        'the model rejects generated rows, and no two of its golden examples can share a run',
      ),
    ]);
  }
  return report;
}

/** Errors of `model-serving rebatch`; `path` is the model as the user gave it. */
export const rebatchErrors = {
  notNeeded: (path: string, input: string, axis: number): Problem => ({
    code: 'rebatch-not-needed',
    message: `${path}: the number of rows is already free (dimension ${axis} of input "${input}"), so requests can share runs. Serve the model as it is.`,
  }),

  notOne: (path: string, reason: string): Problem => ({
    code: 'rebatch-not-one',
    message: `${path}: ${reason}, but only a first dimension of 1 can be freed. Export the model with a symbolic first dimension (dynamic_shapes or dynamic_axes of torch.onnx.export).`,
  }),

  unproved: (
    path: string,
    { node, operator, reason }: BatchingVerdict & { verdict: 'coupled' | 'not understood' },
  ): Problem => ({
    code: 'rebatch-unproved',
    message: `${path}: with a free first dimension, the rows are not proved independent at node "${node}" (${operator}): ${reason}. If the network treats each row separately, export the model again with a symbolic first dimension (dynamic_shapes or dynamic_axes of torch.onnx.export). Otherwise, serve the model as it is.`,
  }),

  ontoItself: (path: string, out: string): Problem => ({
    code: 'rebatch-onto-itself',
    message: `--out ${out} is the same file as ${path}. Use another path.`,
  }),

  exists: (file: string): Problem => ({
    code: 'rebatch-exists',
    message: `${file}: this file already exists. Choose a different file with --out, or overwrite it with --force.`,
  }),

  otherData: (path: string, file: string): Problem => ({
    code: 'rebatch-data-differs',
    message: `${file}: ${path} stores weights in a file of this name, but the existing file has different content. Write to another folder with --out.`,
  }),

  notWritten: (out: string, reason: string): Problem => ({
    code: 'rebatch-not-written',
    message: `--out ${out} cannot be written: ${reason}. Use a file in a folder that you can write to.`,
  }),

  notCompared: (path: string, reason: string): Problem => ({
    code: 'rebatch-not-compared',
    message: `${path}: onnxruntime ${RUNTIME_VERSION} could not compare the model with its converted copy: ${reason}. Record golden examples to compare (model-serving golden record ${shellWord(path)} --inputs …), or run this command on a machine where the runtime works.`,
  }),

  differs: (path: string, difference: string): Problem => ({
    code: 'rebatch-differs',
    message: `${path}: with free rows, the model returns different answers: ${difference}. Serve the original model, and report this as a bug in the proof.`,
  }),
};

/** Candidate names for the dimension that counts rows. The first unused name is taken. */
const NAMES = ['batch', 'rows', 'batch_rows'];

/** Name for the dimension that counts rows; no other dimension has this name. */
export function rowSymbol({ inputs, outputs }: Signature): string {
  const taken = new Set([...inputs, ...outputs].flatMap(({ dimensions }) => dimensions));
  const free = (function* () {
    yield* NAMES;
    for (let i = 2; ; i++) yield `${NAMES[0]}_${i}`;
  })();
  for (const name of free) if (!taken.has(name)) return name;
  throw new Error('unreachable');
}

/** Shapes with free rows on these axes; tensors without an axis keep their shape. */
export function freedShapes(
  { inputs, outputs }: Signature,
  { inputAxes, outputAxes }: { inputAxes: RowAxes['inputAxes']; outputAxes?: RowAxes['outputAxes'] },
  symbol: string,
): NewShapes {
  const freed = (tensors: readonly TensorSignature[], axes: readonly (number | null)[]) =>
    new Map(
      tensors.map(({ name, dimensions }, index): [string, Dimension[]] => [
        name,
        dimensions.map((dimension, axis) => (axis === axes[index] ? symbol : dimension)),
      ]),
    );
  return { inputs: freed(inputs, inputAxes), outputs: outputAxes ? freed(outputs, outputAxes) : new Map() };
}
