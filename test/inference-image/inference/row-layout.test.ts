import type { Signature } from '../../../inference-image/src/contract/signature';
import type { Run } from '../../../inference-image/src/inference/executor';
import { RowLayout } from '../../../inference-image/src/inference/row-layout';
import type { Tensor } from '../../../inference-image/src/tensor/tensor';

const signature: Signature = {
  inputs: [
    { name: 'x', datatype: 'FP32', dimensions: ['n', 't'] },
    { name: 'shared', datatype: 'FP32', dimensions: ['k'] },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['n'] }],
};
const axes = { inputAxes: [0, null], outputAxes: [0] };
const layout = new RowLayout(signature, axes);

function run(rows: number, steps: number, shared: number): Run {
  const tensor = (name: string, shape: number[]): Tensor => ({
    name,
    datatype: 'FP32',
    shape,
    data: new Float32Array(shape.reduce((count, size) => count * size, 1)),
  });
  return { inputs: [tensor('x', [rows, steps]), tensor('shared', [shared])], outputs: ['y'] };
}

test('a request with an empty axis other than its row axis runs alone, because the proof does not cover it', () => {
  expect(layout.hasConsistentRows(run(2, 3, 1))).toBe(true);
  expect(layout.hasConsistentRows(run(2, 0, 1))).toBe(false);
  expect(layout.hasConsistentRows(run(2, 3, 0))).toBe(false);
  expect(layout.hasConsistentRows(run(0, 3, 1))).toBe(true);
});

test('a request runs alone if an axis other than its row axis exceeds the size for which independence is proved', () => {
  const bounded = new RowLayout(signature, { ...axes, maxSize: 4 });
  expect(bounded.hasConsistentRows(run(100, 4, 4))).toBe(true);
  expect(bounded.hasConsistentRows(run(1, 5, 1))).toBe(false);
  expect(bounded.hasConsistentRows(run(1, 1, 5))).toBe(false);
  expect(layout.hasConsistentRows(run(1, 5, 5))).toBe(true);
});
