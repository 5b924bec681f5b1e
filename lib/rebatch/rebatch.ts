import { randomUUID } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BatchingVerdict, RowAxes } from '../../inference-image/src/contract/batching-verdict';
import type {
  RebatchComparison,
  RebatchOrder,
  RebatchReport,
} from '../../inference-image/src/contract/rebatch-messages';
import { ModelServingError } from '../base/errors';
import { bundleErrors } from '../base/server-files';
import { fileSha256 } from '../base/file-hash';
import { linkOrCopy } from '../base/link-or-copy';
import { makeFolder } from '../base/make-folder';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { readWeights, type Weights } from '../model/weights';
import { writeWithShapes } from '../onnx/write-shapes';
import { packageRoot } from '../base/package-root';
import { reportOf } from '../base/runtime-process';
import { rebatchErrors } from './errors';
import { freedShapes, rowSymbol } from './free-rows';

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
