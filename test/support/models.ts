import { join } from 'node:path';
import { initializer, node, value, writeOnnxModel } from './onnx-builder';

/** y = factor * x for x: FP32 [n]. */
export function multiplier(folder: string, name: string, factor: number): string {
  return writeOnnxModel(join(folder, `${name}.onnx`), {
    inputs: [value('x', 'float', ['n'])],
    outputs: [value('y', 'float', ['n'])],
    nodes: [node('Mul', ['x', 'factor'], ['y'])],
    initializers: [initializer('factor', 'float', [1], new Float32Array([factor]))],
  });
}

/**
 * y = factor * x for x: FP32 [n], after about so many seconds of work that depends on x, so that it cannot be folded
 * away when the model is loaded.
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

const VALUES = 1 << 20;
const ITERATIONS_A_SECOND = 750;
