import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, posix, relative, sep } from 'node:path';
import { RESERVED_FILES } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError, type Problem } from '../errors';
import { collect } from './collect';
import { modelErrors } from './errors';
import { sourceFile, type SourceFile } from './model-files';
import type { ExternalTensor } from './onnx-graph';

/**
 * The files beside a model that hold its weights, each once, in the order in which the model names them.
 *
 * @param modelPath - as the user gave it
 * @throws ModelServingError `external-data-…` and what `sourceFile` throws, all at once
 * @see https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
 */
export function externalFiles(modelPath: string, tensors: readonly ExternalTensor[]): SourceFile[] {
  const problems: Problem[] = tensors.filter(hasWrongLength).map((t) => modelErrors.externalLengthWrong(modelPath, t));
  const files = byFile(tensors).flatMap((group) => collect(problems, () => externalFile(modelPath, group)) ?? []);
  ModelServingError.throwIfAny(problems);
  return files;
}

function hasWrongLength({ lengthBytes, expectedBytes }: ExternalTensor): boolean {
  return lengthBytes !== undefined && expectedBytes !== undefined && lengthBytes !== expectedBytes;
}

/** The tensors of one file, of which there is at least one. */
type TensorGroup = readonly [ExternalTensor, ...ExternalTensor[]];

function byFile(tensors: readonly ExternalTensor[]): TensorGroup[] {
  const groups = new Map<string, [ExternalTensor, ...ExternalTensor[]]>();
  for (const tensor of tensors) {
    const file = posix.normalize(tensor.location);
    const group = groups.get(file);
    if (group) group.push(tensor);
    else groups.set(file, [tensor]);
  }
  return [...groups.values()];
}

function externalFile(modelPath: string, group: TensorGroup): SourceFile {
  const [tensor] = group;
  if (!staysInside(tensor.location)) {
    throw new ModelServingError([modelErrors.externalLocationInvalid(modelPath, tensor)]);
  }
  const imagePath = posix.normalize(tensor.location);
  const reserved = RESERVED_FILES.find((name) => `${imagePath}/`.toLowerCase().startsWith(`${name}/`));
  if (reserved) throw new ModelServingError([modelErrors.externalLocationReserved(modelPath, tensor, reserved)]);

  const path = join(dirname(modelPath), imagePath);
  if (!existsSync(path)) throw new ModelServingError([modelErrors.externalDataMissing(modelPath, tensor, path)]);
  refuseLinkOutside(modelPath, tensor, path);

  const file = sourceFile(imagePath, path);
  const last = group.reduce((a, b) => (endOf(b) > endOf(a) ? b : a));
  if (endOf(last) > file.sizeBytes) {
    throw new ModelServingError([modelErrors.externalDataTruncated(modelPath, last, endOf(last), file.sizeBytes)]);
  }
  return file;
}

/** Backslashes and drive letters are names on one system and steps out of the folder on another. */
function staysInside(location: string): boolean {
  return location !== '' && !/^\/|\\|^[A-Za-z]:|(^|\/)\.\.(\/|$)|\/$|^\.$/.test(location);
}

/**
 * A link may lead to a neighbour of the model itself, as in the Hugging Face cache, where both are links into one
 * folder. onnxruntime has the same rule: https://github.com/microsoft/onnxruntime/pull/27374
 */
function refuseLinkOutside(modelPath: string, tensor: ExternalTensor, path: string): void {
  const target = realpathSync(path);
  const folders = [realpathSync(dirname(modelPath)), dirname(realpathSync(modelPath))];
  if (!folders.some((folder) => contains(folder, target))) {
    throw new ModelServingError([modelErrors.externalDataOutside(modelPath, tensor, target)]);
  }
}

function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function endOf({ offsetBytes, lengthBytes, expectedBytes }: ExternalTensor): number {
  return offsetBytes + (expectedBytes ?? lengthBytes ?? 0);
}
