import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { externalInitializer, initializer, node, value, writeOnnxModel, type ModelParts } from './onnx-builder';

/** Writes a model that computes y = factor * x for x: FP32 [n]. */
export function multiplier(folder: string, name: string, factor: number): string {
  return writeOnnxModel(join(folder, `${name}.onnx`), {
    inputs: [value('x', 'float', ['n'])],
    outputs: [value('y', 'float', ['n'])],
    nodes: [node('Mul', ['x', 'factor'], ['y'])],
    initializers: [initializer('factor', 'float', [1], new Float32Array([factor]))],
  });
}

/**
 * Writes a model that computes y = factor * x for x: FP32 [n], after about the given seconds of work. The work depends
 * on x, so that onnxruntime cannot fold it into a constant when it loads the model.
 */
export function slowMultiplier(folder: string, name: string, factor: number, seconds: number): string {
  const scalar = (id: string, elem: 'float' | 'int64', data: ArrayBufferView) => initializer(id, elem, [], data);
  const body = {
    name: 'body',
    node: [node('Sin', ['state'], ['next']), node('Identity', ['condition'], ['goOn'])],
    input: [value('iteration', 'int64', []), value('condition', 'bool', []), value('state', 'float', [VALUES])],
    output: [value('goOn', 'bool', []), value('next', 'float', [VALUES])],
  };
  return writeOnnxModel(join(folder, `${name}.onnx`), {
    inputs: [value('x', 'float', ['n'])],
    outputs: [value('y', 'float', ['n'])],
    nodes: [
      node('ReduceMax', ['x'], ['seed'], { attributes: { keepdims: 0 } }),
      node('Expand', ['seed', 'shape'], ['start']),
      node('Loop', ['iterations', '', 'start'], ['end'], { attributes: { body: { graph: body } } }),
      node('ReduceMax', ['end'], ['rest'], { attributes: { keepdims: 0 } }),
      node('Mul', ['rest', 'zero'], ['nothing']),
      node('Mul', ['x', 'factor'], ['product']),
      node('Add', ['product', 'nothing'], ['y']),
    ],
    initializers: [
      initializer('shape', 'int64', [1], BigInt64Array.of(BigInt(VALUES))),
      scalar('iterations', 'int64', BigInt64Array.of(BigInt(Math.round(seconds * ITERATIONS_A_SECOND)))),
      scalar('zero', 'float', Float32Array.of(0)),
      initializer('factor', 'float', [1], Float32Array.of(factor)),
    ],
  });
}

/** Writes a model with the given MiB of weights, which are all 0 and in a sparse file. No test runs it. */
export function largeModel(folder: string, name: string, mebibytes: number, props: OnnxModelProps = {}): OnnxModel {
  const weights = `${name}-${mebibytes}.bin`;
  writeFileSync(join(folder, weights), '');
  truncateSync(join(folder, weights), mebibytes * 1024 * 1024);
  const path = writeOnnxModel(join(folder, `${name}-${mebibytes}.onnx`), {
    inputs: [value('x', 'float', ['n', 1])],
    outputs: [value('y', 'float', ['n', 1])],
    nodes: [node('MatMul', ['x', 'w'], ['h']), node('ReduceMax', ['h'], ['y'], { attributes: { axes: [1] } })],
    initializers: [externalInitializer('w', 'float', [1, mebibytes * 1024 * 256], weights)],
  });
  return OnnxModel.fromFile(path, { name, runtimeCheck: 'skip', ...props });
}

const VALUES = 1 << 20;
const ITERATIONS_A_SECOND = 750;

/** Model with one recurrent layer, whose input is [steps, rows, 3]. */
export function recurrent(operator: 'LSTM' | 'GRU' | 'RNN'): ModelParts {
  const hidden = 2;
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[operator] * hidden;
  return {
    inputs: [value('x', 'float', ['steps', 'rows', 3])],
    outputs: [value('y', 'float', ['steps', 1, 'rows', hidden])],
    nodes: [node(operator, ['x', 'w', 'r'], ['y'], { name: 'layer', attributes: { hidden_size: hidden } })],
    initializers: [
      initializer('w', 'float', [1, gates, 3], new Float32Array(gates * 3).fill(0.1)),
      initializer('r', 'float', [1, gates, hidden], new Float32Array(gates * hidden).fill(0.1)),
    ],
  };
}
