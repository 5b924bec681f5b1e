import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { modelStatistics } from '../../../inference-image/src/protocol/statistics';

const model = { name: 'm', version: '7' } as ModelManifest;
const total = (count: number, sum: number) => ({ count, sum });

test('converts seconds to whole nanoseconds and sorts batches by size', () => {
  const totals = {
    lastRequestAt: 1_700_000_000_123,
    rows: 9,
    success: total(3, 0.5),
    fail: total(1, 0.25),
    queue: total(3, 1e-9),
    decode: total(4, 1.4e-9),
    requestRuns: total(3, 0.3),
    encode: total(3, 0.003),
    runs: total(2, 0.2),
    runsByRows: new Map([
      [8, total(1, 0.15)],
      [1, total(1, 0.05)],
    ]),
  };
  const never = { count: 0, ns: 0 };
  expect(modelStatistics(model, totals)).toEqual({
    model_stats: [
      {
        name: 'm',
        version: '7',
        last_inference: 1_700_000_000_123,
        inference_count: 9,
        execution_count: 2,
        inference_stats: {
          success: { count: 3, ns: 500_000_000 },
          fail: { count: 1, ns: 250_000_000 },
          queue: { count: 3, ns: 1 },
          compute_input: { count: 4, ns: 1 },
          compute_infer: { count: 3, ns: 300_000_000 },
          compute_output: { count: 3, ns: 3_000_000 },
          cache_hit: never,
          cache_miss: never,
        },
        batch_stats: [
          { batch_size: 1, compute_input: never, compute_infer: { count: 1, ns: 50_000_000 }, compute_output: never },
          { batch_size: 8, compute_input: never, compute_infer: { count: 1, ns: 150_000_000 }, compute_output: never },
        ],
      },
    ],
  });
});
