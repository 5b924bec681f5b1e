import type { Problem } from '../base/errors';
import { type CalledNode, domainName, type GraphMessage, nodeName } from '../onnx/decoded-model';
import { modelErrors } from './errors';
import { type OnnxGraph } from './onnx-graph';
import { requestInputs } from '../onnx/value-info';

/**
 * Finds nodes whose constants the runtime overwrites in each run, so that responses can depend on earlier requests:
 * BatchNormalization in training mode stores its new mean and variance where it read the old ones. Nodes that
 * normalize only constants, such as weights, compute the same result in each run.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/nn/batch_norm.h
 */
export function overwrittenConstants(nodes: readonly CalledNode[], graph: GraphMessage): string[] {
  const trained = nodes.filter(isInTraining);
  if (trained.length === 0) return [];
  const varying = varyingTensors(graph);
  const isConstant = (name: string | undefined) => name !== undefined && !varying.has(name);
  return trained
    .filter(({ node: { input }, isInFunction }) => {
      const [data, , , mean, variance] = input;
      // The inputs of a function have other names than the tensors that its call passes.
      return isInFunction || (!isConstant(data) && (isConstant(mean) || isConstant(variance)));
    })
    .map(({ node }) => nodeName(node));
}

/** Checks that no request can change the constants of a model. */
export function checkTrainingMode(path: string, { overwritten }: OnnxGraph): Problem[] {
  return overwritten.map((node) => modelErrors.trainingMode(path, node));
}

/** Before opset 14, more than one output means training mode. */
function isInTraining({ node, attributes }: CalledNode): boolean {
  if (node.opType !== 'BatchNormalization' || domainName(node.domain) !== 'ai.onnx') return false;
  const isSet = attributes.some(({ name, i }) => name === 'training_mode' && i === 1);
  return isSet || node.output.filter(Boolean).length > 1;
}

/** Tensors that depend on a request, or may depend on one because a graph inside a node computes them. */
function varyingTensors(graph: GraphMessage): ReadonlySet<string> {
  const varying = new Set(requestInputs(graph).map(({ name }) => name));
  for (const { input, output, attribute } of graph.node) {
    const hasGraph = attribute.some(({ g, graphs }) => g !== null || graphs.length > 0);
    if (hasGraph || input.some((name) => varying.has(name))) for (const name of output) varying.add(name);
  }
  return varying;
}
