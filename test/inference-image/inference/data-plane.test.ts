import { MemoryBudget, REQUEST_BYTES } from '../../../inference-image/src/budget/memory-budget';
import { DataPlane } from '../../../inference-image/src/inference/data-plane';
import type { Run } from '../../../inference-image/src/inference/executor';
import type { Scheduler } from '../../../inference-image/src/inference/scheduler';

const setUp = (totalBytes: number) => {
  const submit = jest.fn(() => []);
  const dataPlane = new DataPlane({ submit, executorCount: 1 } as unknown as Scheduler);
  dataPlane.open();
  const holding = new MemoryBudget(totalBytes).open();
  const infer = (inputs: Run['inputs']) =>
    dataPlane.infer({ inputs, outputs: ['y'] }, { holding, isCancelled: () => false });
  return { submit, holding, infer };
};

test('a run with strings reserves memory for its copies, and is refused if there is no room', () => {
  const text = (length: number) => [{ name: 'x', datatype: 'BYTES' as const, shape: [1], data: ['a'.repeat(length)] }];
  const { submit, holding, infer } = setUp(1024 * 1024);
  infer(text(1000));
  expect(holding.heldBytes).toBe(REQUEST_BYTES + 4000);
  expect(() => infer(text(500_000))).toThrow(/takes \d+ bytes of memory, but the server has only 1048576 /);
  expect(submit).toHaveBeenCalledTimes(1);
});

test('a run with numbers reserves no additional memory', () => {
  const { holding, infer } = setUp(1024 * 1024);
  infer([{ name: 'x', datatype: 'FP32', shape: [4], data: new Float32Array(4) }]);
  expect(holding.heldBytes).toBe(REQUEST_BYTES);
});
