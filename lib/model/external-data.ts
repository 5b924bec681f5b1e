import { dirname, join, posix } from 'node:path';
import { RESERVED_FILES } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError, type Problem } from '../base/errors';
import { foldersBeside, linkOutside } from '../base/link-outside';
import { collect } from '../base/collect';
import { modelErrors } from './errors';
import { isThere, sourceFile, type SourceFile } from '../base/source-file';
import type { ExternalTensor } from './onnx-graph';

/**
 * Finds the external data files of a model. Each file is listed once, in the order in which the model first refers
 * to them.
 *
 * @param modelPath - path of the model as the user gave it
 * @throws ModelServingError `external-data-…` and the errors of `sourceFile`, reported together
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

/** One or more tensors that are stored in the same file. */
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
  if (!isThere(path)) throw new ModelServingError([modelErrors.externalDataMissing(modelPath, tensor, path)]);
  const outside = linkOutside(dirname(modelPath), imagePath, foldersBeside(modelPath));
  if (outside) throw new ModelServingError([modelErrors.externalDataOutside(modelPath, tensor, outside)]);

  const file = sourceFile(imagePath, path);
  const last = group.reduce((a, b) => (endOf(b) > endOf(a) ? b : a));
  if (endOf(last) > file.sizeBytes) {
    throw new ModelServingError([modelErrors.externalDataTruncated(modelPath, last, endOf(last), file.sizeBytes)]);
  }
  return file;
}

/**
 * Whether a location is inside the model's folder on every system. Backslashes and drive letters are valid in file
 * names on Linux, but can lead out of the folder on Windows.
 */
function staysInside(location: string): boolean {
  return location !== '' && !/^\/|\\|^[A-Za-z]:|(^|\/)\.\.(\/|$)|\/$|^\.$/.test(location);
}

function endOf({ offsetBytes, lengthBytes, expectedBytes }: ExternalTensor): number {
  return offsetBytes + (expectedBytes ?? lengthBytes ?? 0);
}
