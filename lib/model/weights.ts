import { MODEL_FILE } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError, type Problem } from '../base/errors';
import { checkGraph } from './checks';
import { collect } from '../base/collect';
import { externalFiles } from './external-data';
import { loadGraph } from './load-graph';
import { sourceFile, type SourceFile } from '../base/source-file';
import type { OnnxGraph } from './onnx-graph';

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
