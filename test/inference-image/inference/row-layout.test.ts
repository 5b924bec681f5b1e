import type { Run } from '../../../inference-image/src/inference/executor';
import { RowLayout } from '../../../inference-image/src/inference/row-layout';
import type { Tensor } from '../../../inference-image/src/inference/tensor';

const layout = new RowLayout(
  {
    inputs: [
      { name: 'x', datatype: 'FP32', dimensions: ['n', 't'] },
      { name: 'shared', datatype: 'FP32', dimensions: ['k'] },
    ],
    outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['n'] }],
  },
  { inputAxes: [0, null], outputAxes: [0] },
);

function run(rows: number, steps: number, shared: number): Run {
  const tensor = (name: string, shape: number[]): Tensor => ({
    name,
    datatype: 'FP32',
    shape,
    data: new Float32Array(shape.reduce((count, size) => count * size, 1)),
  });
  return { inputs: [tensor('x', [rows, steps]), tensor('shared', [shared])], outputs: ['y'] };
}

test('a request with an axis of no elements beside its rows runs alone, since the proof does not speak of it', () => {
  expect(layout.agrees(run(2, 3, 1))).toBe(true);
  expect(layout.agrees(run(2, 0, 1))).toBe(false);
  expect(layout.agrees(run(2, 3, 0))).toBe(false);
  expect(layout.agrees(run(0, 3, 1))).toBe(true);
});
