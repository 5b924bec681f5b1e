import type { RandomGraph, Result, Tensor } from '../random-graph';
import { asMatrix, plain } from '../shapes';
import { known, size, type Size } from '../size';
import { resized } from '../versions';
import { same } from './elementwise';
import { faithful, lossy, type RowWise } from './operator';

const MICROSOFT = { domain: 'com.microsoft' };
const ML = { domain: 'ai.onnx.ml' };

/** Operators outside ONNX's main domain. */
export const FUSED: readonly RowWise[] = [
  lossy('com.microsoft Gelu', (graph, t) => same(t, graph.add('Gelu', [t], {}, MICROSOFT))),
  lossy('com.microsoft QuickGelu', (graph, t) => same(t, graph.add('QuickGelu', [t], {}, MICROSOFT))),
  lossy('com.microsoft BiasGelu', (graph, t) => withBias(graph, t, 'BiasGelu')),
  lossy('com.microsoft FastGelu', (graph, t) => withBias(graph, t, 'FastGelu')),
  faithful('com.microsoft FusedMatMul', fusedMatMul),
  lossy('com.microsoft SkipLayerNormalization', skipLayerNormalization),
  lossy('com.microsoft Attention', attention),
  lossy('ai.onnx.ml Scaler', (graph, t) => scaler(graph, t)),
  lossy('ai.onnx.ml Normalizer', (graph, t) => classical(graph, t, 'Normalizer', { norm: 'L2' })),
  lossy('ai.onnx.ml Binarizer', (graph, t) => classical(graph, t, 'Binarizer', { threshold: { float: 0.1 } })),
  faithful('ai.onnx.ml LinearRegressor', linearRegressor),
  lossy('ai.onnx.ml TreeEnsembleRegressor', trees),
  lossy('ai.onnx.ml ArrayFeatureExtractor', extractFeature),
];

function lastKnown(t: Tensor): number | undefined {
  const last = t.dims.length - 1;
  return last < 0 || t.rows?.axis === last ? undefined : known(t.dims[last] as Size);
}

function withBias(graph: RandomGraph, t: Tensor, op: string): Result | undefined {
  const width = lastKnown(t);
  return width === undefined ? undefined : same(t, graph.add(op, [t, graph.weights([width])], {}, MICROSOFT));
}

function fusedMatMul(graph: RandomGraph, t: Tensor): Result | undefined {
  const k = lastKnown(t);
  if (k === undefined || t.dims.length < 2) return undefined;
  const transB = graph.choices.below(2);
  const weights = graph.weights(transB ? [3, k] : [k, 3], { scale: k ** -0.5 });
  const name = graph.add('FusedMatMul', [t, weights], { transB, alpha: { float: 0.5 } }, MICROSOFT);
  return { ...t, name, dims: resized(t.dims, t.dims.length - 1, size(3)) };
}

/** [rows, steps, features] */
function isSequence(t: Tensor): boolean {
  return t.dims.length === 3 && t.rows?.axis === 0 && lastKnown(t) !== undefined;
}

function skipLayerNormalization(graph: RandomGraph, t: Tensor): Result | undefined {
  if (!isSequence(t)) return undefined;
  const width = lastKnown(t) as number;
  const skip = graph.add('Sigmoid', [t]);
  const inputs = [t, skip, graph.weights([width]), graph.weights([width])];
  return same(t, graph.add('SkipLayerNormalization', inputs, { epsilon: { float: 1e-5 } }, MICROSOFT));
}

function attention(graph: RandomGraph, t: Tensor): Result | undefined {
  if (!isSequence(t)) return undefined;
  const width = lastKnown(t) as number;
  const inputs = [t, graph.weights([width, 12], { scale: width ** -0.5 }), graph.weights([12])];
  const name = graph.add('Attention', inputs, { num_heads: 2 }, MICROSOFT);
  return { ...t, name, dims: resized(t.dims, 2, size(4)) };
}

function matrix(graph: RandomGraph, t: Tensor): Tensor | undefined {
  const unfolded = plain(graph, t);
  return unfolded.rows?.axis === 0 && unfolded.dims.length === 2 && lastKnown(unfolded)
    ? asMatrix(graph, unfolded)
    : undefined;
}

function classical(
  graph: RandomGraph,
  t: Tensor,
  op: string,
  attributes: Parameters<RandomGraph['add']>[2],
): Result | undefined {
  const x = matrix(graph, t);
  return x && same(x, graph.add(op, [x], attributes, ML));
}

function scaler(graph: RandomGraph, t: Tensor): Result | undefined {
  const width = lastKnown(t);
  if (width === undefined) return undefined;
  const numbers = (base: number) => ({ floats: Array.from({ length: width }, (_, i) => base + 0.1 * i) });
  return classical(graph, t, 'Scaler', { offset: numbers(-0.2), scale: numbers(0.5) });
}

function linearRegressor(graph: RandomGraph, t: Tensor): Result | undefined {
  const x = matrix(graph, t);
  if (!x) return undefined;
  const coefficients = Array.from({ length: 2 * (lastKnown(x) as number) }, (_, i) => 0.3 + 0.1 * i);
  const name = graph.add('LinearRegressor', [x], { coefficients: { floats: coefficients }, targets: 2 }, ML);
  return { ...x, name, dims: [x.dims[0] as Size, size(2)] };
}

function trees(graph: RandomGraph, t: Tensor): Result | undefined {
  const x = matrix(graph, t);
  if (!x) return undefined;
  const attributes = {
    n_targets: 1,
    nodes_treeids: [0, 0, 0],
    nodes_nodeids: [0, 1, 2],
    nodes_featureids: [0, 0, 0],
    nodes_values: { floats: [0.1, 0, 0] },
    nodes_modes: { strings: ['BRANCH_LEQ', 'LEAF', 'LEAF'] },
    nodes_truenodeids: [1, 0, 0],
    nodes_falsenodeids: [2, 0, 0],
    target_treeids: [0, 0],
    target_nodeids: [1, 2],
    target_ids: [0, 0],
    target_weights: { floats: [1, -2] },
  };
  return { ...x, name: graph.add('TreeEnsembleRegressor', [x], attributes, ML), dims: [x.dims[0] as Size, size(1)] };
}

function extractFeature(graph: RandomGraph, t: Tensor): Result | undefined {
  const x = matrix(graph, t);
  if (!x) return undefined;
  return {
    ...x,
    name: graph.add('ArrayFeatureExtractor', [x, graph.ints([0])], {}, ML),
    dims: [x.dims[0] as Size, size(1)],
  };
}
