import { initializer, node, value, type ModelParts } from './onnx-builder';

/**
 * Model that computes y: FP32 [1] = n for n: INT64 [1], after n rounds of work. Each round multiplies two matrices of
 * 128 x 128, which takes about 0.1 ms.
 */
export function slowModel(): ModelParts {
  const size = 128;
  const body = {
    name: 'body',
    input: [value('round', 'int64', []), value('go', 'bool', []), value('count', 'float', [1])],
    output: [value('goOn', 'bool', []), value('counted', 'float', [1])],
    node: [
      node('Identity', ['go'], ['goOn']),
      // This node depends on the loop count, so that no optimizer moves it out of the loop.
      node('Add', ['ones', 'count'], ['a']),
      node('MatMul', ['a', 'a'], ['product']),
      node('ReduceSum', ['product'], ['sum'], { attributes: { keepdims: 0 } }),
      node('Mul', ['sum', 'zero'], ['nothing']),
      node('Add', ['count', 'nothing'], ['same']),
      node('Add', ['same', 'one'], ['counted']),
    ],
  };
  return {
    inputs: [value('n', 'int64', [1])],
    outputs: [value('y', 'float', [1])],
    nodes: [node('Loop', ['n', '', 'start'], ['y'], { attributes: { body: { graph: body } } })],
    initializers: [
      initializer('start', 'float', [1], new Float32Array(1)),
      initializer('ones', 'float', [size, size], new Float32Array(size * size).fill(1)),
      initializer('zero', 'float', [1], new Float32Array(1)),
      initializer('one', 'float', [1], new Float32Array([1])),
    ],
  };
}
