import { readCache, writeCache } from '../cache';
import { ModelServingError } from '../errors';
import { fileSha256 } from '../file-hash';
import { packageRoot, readPackage } from '../package-root';
import { modelErrors } from './errors';
import { MalformedFile } from './file-cursor';
import { readingFile, type SourceFile } from './model-files';
import type { OnnxGraph } from './onnx-graph';

/**
 * Part of the cache's keys, with the version of this package: to be raised with each change of OnnxGraph, of how it is
 * read, or of what is proved from it.
 */
const GRAPH_FORMAT = 10;

/** https://protobuf.dev/programming-guides/proto-limits/ */
const MAX_MESSAGE_BYTES = 2 ** 31 - 1;

/**
 * The graph of a model file, read once for each content.
 *
 * @param path - as the user gave it, for messages
 * @throws ModelServingError `not-onnx`, `model-too-large`, `file-changed`
 */
export function loadGraph(path: string, { sourcePath, sha256, sizeBytes }: SourceFile): OnnxGraph {
  if (sizeBytes > MAX_MESSAGE_BYTES) throw new ModelServingError([modelErrors.modelTooLarge(path, sizeBytes)]);

  const key = `onnx-graph ${GRAPH_FORMAT} ${readPackage(packageRoot).version} ${sha256}`;
  const known = readCache<OnnxGraph>(key);
  if (known) return known;

  const graph = readingFile(path, () => {
    const graph = readGraphOf(path, sourcePath);
    // A file that is overwritten meanwhile must not lend its graph to the old content's hash.
    if (fileSha256(sourcePath).sha256 !== sha256) throw new ModelServingError([modelErrors.fileChanged(path)]);
    return graph;
  });
  writeCache(key, graph);
  return graph;
}

function readGraphOf(path: string, sourcePath: string): OnnxGraph {
  // Loaded only when needed: the protobuf library takes longer to load than a warm synth of a model takes.
  const { readGraph } = require('./read-graph') as typeof import('./read-graph');
  try {
    return readGraph(sourcePath);
  } catch (error) {
    if (!(error instanceof MalformedFile)) throw error;
    throw new ModelServingError([modelErrors.notOnnx(path, error.message)]);
  }
}
