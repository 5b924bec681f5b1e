import type { NodeAttributes, RandomGraph, Result, Tensor } from '../random-graph';
import { known, size, type Size } from '../size';
import { resized } from '../versions';
import { otherAxes } from './axes';
import { same } from './elementwise';
import { lossy, type RowWise } from './operator';

export const QUANTIZED: readonly RowWise[] = [
  lossy('QuantizeLinear, DequantizeLinear', quantizedAndBack),
  lossy('QuantizeLinear, DequantizeLinear by channel', quantizedByChannel),
  lossy('QLinearMatMul', qLinearMatMul),
  lossy('MatMulInteger', matMulInteger),
];

function zeroPoint(graph: RandomGraph): string {
  return graph.tensor('uint8', [], Uint8Array.of(128));
}

function quantize(graph: RandomGraph, t: Tensor): string {
  return graph.add('QuantizeLinear', [t, graph.floats([0.05], []), zeroPoint(graph)]);
}

function quantizedAndBack(graph: RandomGraph, t: Tensor): Result {
  return same(t, graph.add('DequantizeLinear', [quantize(graph, t), graph.floats([0.05], []), zeroPoint(graph)]));
}

function quantizedByChannel(graph: RandomGraph, t: Tensor): Result | undefined {
  const axes = otherAxes(t).filter((axis) => known(t.dims[axis] as Size) !== undefined);
  if (axes.length === 0 || graph.opset < 13) return undefined;
  const axis = graph.choices.pick(axes);
  const channels = known(t.dims[axis] as Size) as number;
  const scale = graph.floats(Array.from({ length: channels }, (_, i) => 0.05 + 0.01 * i));
  const zero = graph.tensor(
    'int8',
    [channels],
    Int8Array.from({ length: channels }, (_, i) => i),
  );
  const attributes: NodeAttributes = axis === 1 ? {} : { axis };
  return same(
    t,
    graph.add('DequantizeLinear', [graph.add('QuantizeLinear', [t, scale, zero], attributes), scale, zero], attributes),
  );
}

/** Size of the last axis; undefined if the size is unknown, if the axis has the rows, or if there is no other axis. */
function features(t: Tensor): number | undefined {
  const last = t.dims.length - 1;
  return last < 1 || t.rows?.axis === last ? undefined : known(t.dims[last] as Size);
}

function wholeWeights(graph: RandomGraph, k: number, m: number): string {
  return graph.tensor(
    'int8',
    [k, m],
    Int8Array.from({ length: k * m }, () => graph.choices.below(200) - 100),
  );
}

function qLinearMatMul(graph: RandomGraph, t: Tensor): Result | undefined {
  const k = features(t);
  if (k === undefined) return undefined;
  const scale = () => graph.floats([0.05], []);
  const weightsZero = graph.tensor('int8', [], Int8Array.of(0));
  const inputs = [
    quantize(graph, t),
    scale(),
    zeroPoint(graph),
    wholeWeights(graph, k, 3),
    graph.floats([0.01], []),
    weightsZero,
  ];
  const product = graph.add('QLinearMatMul', [...inputs, scale(), zeroPoint(graph)]);
  const name = graph.add('DequantizeLinear', [product, scale(), zeroPoint(graph)]);
  return { ...t, name, dims: resized(t.dims, t.dims.length - 1, size(3)) };
}

function matMulInteger(graph: RandomGraph, t: Tensor): Result | undefined {
  const k = features(t);
  if (k === undefined) return undefined;
  const product = graph.add('MatMulInteger', [quantize(graph, t), wholeWeights(graph, k, 3), zeroPoint(graph)]);
  const name = graph.add('Mul', [graph.add('Cast', [product], { to: 1 }), graph.floats([0.0005], [])]);
  return { ...t, name, dims: resized(t.dims, t.dims.length - 1, size(3)) };
}
