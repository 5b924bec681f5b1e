import { BufferPool } from '../../../inference-image/src/inference/buffer-pool';
import type { NumericData } from '../../../inference-image/src/tensor/tensor';

const tensor = (data: NumericData) => ({ name: 'x', datatype: 'FP32' as const, shape: [data.length], data });

test('reuses a returned buffer for a batch of similar size', () => {
  const pool = new BufferPool();
  const first = pool.take('FP32', 3000);
  expect([first.length, first.buffer.byteLength]).toEqual([3000, 16_384]);
  const other = pool.take('FP32', 3000);
  expect(other.buffer).not.toBe(first.buffer);
  pool.give([tensor(first)]);
  const again = pool.take('FP32', 2500);
  expect([again.buffer === first.buffer, again.length]).toEqual([true, 2500]);
  expect(pool.take('FP32', 2500).buffer).not.toBe(first.buffer);
});

test('keeps neither small buffers nor strings, and few buffers of a size', () => {
  const pool = new BufferPool();
  const small = pool.take('INT8', 100);
  pool.give([tensor(small), { name: 's', datatype: 'BYTES', shape: [1], data: ['a'] }]);
  expect(pool.take('INT8', 100).buffer).not.toBe(small.buffer);

  const taken = Array.from({ length: 10 }, () => pool.take('FP32', 3000));
  pool.give(taken.map(tensor));
  const buffers = new Set(taken.map(({ buffer }) => buffer));
  const kept = Array.from({ length: 10 }, () => pool.take('FP32', 3000)).filter(({ buffer }) => buffers.has(buffer));
  expect(kept.length).toBe(4);
});

test('limits the total bytes that it keeps', () => {
  const pool = new BufferPool();
  const mebibytes = (count: number) => pool.take('INT8', count * 2 ** 20);
  const taken = [16, 8, 8, 8].map(mebibytes);
  pool.give(taken.map(tensor));
  const kept = [16, 8, 8, 8].map(mebibytes).filter(({ buffer }) => taken.some((before) => before.buffer === buffer));
  expect(kept.map(({ buffer }) => buffer.byteLength / 2 ** 20)).toEqual([16, 8, 8]);
  pool.give(kept.map(tensor));
  expect(mebibytes(16).buffer).toBe(kept[0]!.buffer);
});
