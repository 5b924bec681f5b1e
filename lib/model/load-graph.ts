import { readCache, writeCache } from '../base/cache';
import { ModelServingError } from '../base/errors';
import { fileSha256 } from '../base/file-hash';
import { packageRoot, readPackage } from '../base/package-root';
import { modelErrors } from './errors';
import { MalformedFile } from '../onnx/file-cursor';
import { fileErrors, readingFile, type SourceFile } from '../base/source-file';
import type { OnnxGraph } from './onnx-graph';

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
