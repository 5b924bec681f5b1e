import { dirname, join, posix } from 'node:path';
import { MODEL_FILE, RESERVED_FILES } from '../../inference-image/src/contract/model-manifest';
import { readCache, writeCache } from '../base/cache';
import { collect, ModelServingError, type Problem } from '../base/errors';
import { fileSha256 } from '../base/file-hash';
import { foldersBeside, linkOutside } from '../base/link-outside';
import { packageRoot, readPackage } from '../base/package-root';
import { fileErrors, isThere, readingFile, sourceFile, type SourceFile } from '../base/source-file';
import { MalformedFile } from '../onnx/file-cursor';
import { checkGraph } from './checks';
import { modelErrors } from './errors';
import type { ExternalTensor, OnnxGraph } from './onnx-graph';

/** A model's graph, and the files with the graph and the weights; the ONNX file comes first. */
export interface Weights {
  readonly graph: OnnxGraph;
  readonly files: readonly [SourceFile, ...SourceFile[]];
}

/**
 * Reads a model and performs all checks that do not need the runtime.
 *
 * @param path - path as the user gave it
 * @throws ModelServingError with all problems
 */
export function readWeights(path: string): Weights {
  const main = sourceFile(MODEL_FILE, path);
  const graph = loadGraph(path, main);
  const problems: Problem[] = checkGraph(path, graph);
  const external = collect(problems, () => externalFiles(path, graph.externalTensors)) ?? [];
  ModelServingError.throwIfAny(problems);
  return { graph, files: [main, ...external] };
}

/**
 * Part of the cache key, together with the version of this package. Increment it when OnnxGraph, the code that reads
 * it, or the proofs based on it change.
 */
const GRAPH_FORMAT = 16;

/** https://protobuf.dev/programming-guides/proto-limits/ */
const MAX_MESSAGE_BYTES = 2 ** 31 - 1;

/**
 * Reads the graph of a model file. The result is cached by the file's content.
 *
 * @param path - path as the user gave it, for messages
 * @throws ModelServingError `not-onnx`, `model-too-large`, `file-changed`
 */
export function loadGraph(path: string, { sourcePath, sha256, sizeBytes }: SourceFile): OnnxGraph {
  if (sizeBytes > MAX_MESSAGE_BYTES) throw new ModelServingError([modelErrors.modelTooLarge(path, sizeBytes)]);

  const key = `onnx-graph ${GRAPH_FORMAT} ${readPackage(packageRoot).version} ${sha256}`;
  const cached = readCache<OnnxGraph>(key);
  if (cached) return cached;

  const graph = readingFile(path, () => {
    const graph = readGraphOf(path, sourcePath);
    // If the file was overwritten in the meantime, its graph must not be cached under the old hash.
    if (fileSha256(sourcePath).sha256 !== sha256) throw new ModelServingError([fileErrors.fileChanged(path)]);
    return graph;
  });
  writeCache(key, graph);
  return graph;
}

function readGraphOf(path: string, sourcePath: string): OnnxGraph {
  // Loaded on demand: loading the protobuf library takes longer than a synth of a cached model.
  const { readGraph } = require('./read-graph') as typeof import('./read-graph');
  try {
    return readGraph(sourcePath);
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    throw new ModelServingError([modelErrors.notOnnx(path, error.message)]);
  }
}

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
