import { initializer, node, value, type Dim, type ModelParts } from './onnx-builder';

/**
 * Model that converts FP32 [1, seq] to [seq, 1, 8], like models of text recognition, whatever output shape it declares.
 */
export function transposed(declared: Dim[] = [1, 'seq']): ModelParts {
  return {
    inputs: [value('x', 'float', [1, 'seq'])],
    outputs: [value('y', 'float', declared)],
    nodes: [
      node('Transpose', ['x'], ['columns']),
      node('Unsqueeze', ['columns', 'last'], ['raised']),
      node('Mul', ['raised', 'ones'], ['y']),
    ],
    initializers: [
      initializer('last', 'int64', [1], BigInt64Array.of(2n)),
      initializer('ones', 'float', [8], new Float32Array(8).fill(1)),
    ],
  };
}

/**
 * Model that returns only the boxes of FP32 [batch, 4] whose score is above the threshold. It wrongly declares that it
 * returns as many boxes as the batch has.
 */
export function detector(threshold: number): ModelParts {
  return {
    inputs: [value('boxes', 'float', ['batch', 4])],
    outputs: [value('found', 'float', ['batch', 4])],
    nodes: [
      node('ReduceMean', ['boxes'], ['score'], { attributes: { axes: [1], keepdims: 0 } }),
      node('Greater', ['score', 'threshold'], ['isFound']),
      node('Compress', ['boxes', 'isFound'], ['found'], { attributes: { axis: 0 } }),
    ],
    initializers: [initializer('threshold', 'float', [], Float32Array.of(threshold))],
  };
}
