import { MODEL_FILE } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError, type Problem } from '../errors';
import { checkGraph } from './checks';
import { collect } from './collect';
import { externalFiles } from './external-data';
import { loadGraph } from './load-graph';
import { sourceFile, type SourceFile } from './model-files';
import type { OnnxGraph } from './onnx-graph';

/** A model's graph, and the files that hold it and its weights: the ONNX file first. */
export interface Weights {
  readonly graph: OnnxGraph;
  readonly files: readonly [SourceFile, ...SourceFile[]];
}

/**
 * Reads and checks a model as far as can be done without the runtime.
 *
 * @param path - as the user gave it
 * @throws ModelServingError with everything that is wrong
 */
export function readWeights(path: string): Weights {
  const main = sourceFile(MODEL_FILE, path);
  const graph = loadGraph(path, main);
  const problems: Problem[] = checkGraph(path, graph);
  const external = collect(problems, () => externalFiles(path, graph.externalTensors)) ?? [];
  ModelServingError.throwIfAny(problems);
  return { graph, files: [main, ...external] };
}
