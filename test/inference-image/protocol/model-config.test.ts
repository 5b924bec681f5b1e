import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { modelConfig } from '../../../inference-image/src/protocol/model-config';

const signature: ModelManifest['signature'] = {
  inputs: [
    { name: 'x', datatype: 'FP32', dimensions: ['batch', null, 3] },
    { name: 'text', datatype: 'BYTES', dimensions: ['batch'] },
  ],
  outputs: [{ name: 'y', datatype: 'BOOL', dimensions: ['batch', 2] }],
};
const model: ModelManifest = { contractVersion: 1, name: 'm', version: '1', sha256: '', files: [], signature };

test('M10 without batches, dims are whole shapes, and -1 is for what is not fixed', () => {
  expect(modelConfig(model, { executors: 2, maxBatchSize: 1, maxBatchDelaySeconds: 0.01 })).toEqual({
    name: 'm',
    platform: 'onnxruntime_onnx',
    backend: 'onnxruntime',
    max_batch_size: 0,
    input: [
      { name: 'x', data_type: 'TYPE_FP32', dims: [-1, -1, 3] },
      { name: 'text', data_type: 'TYPE_STRING', dims: [-1] },
    ],
    output: [{ name: 'y', data_type: 'TYPE_BOOL', dims: [-1, 2] }],
    instance_group: [{ name: 'm', kind: 'KIND_CPU', count: 2 }],
  });
});

test('with batches, dims are those of a row', () => {
  const config = modelConfig(model, { executors: 1, maxBatchSize: 32, maxBatchDelaySeconds: 0.0015 });
  expect(config).toMatchObject({ max_batch_size: 32, dynamic_batching: { max_queue_delay_microseconds: 1500 } });
  expect([...config.input, ...config.output].map(({ dims }) => dims)).toEqual([[-1, 3], [], [2]]);
});
