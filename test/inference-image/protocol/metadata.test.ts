import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import {
  modelConfig,
  type ModelTuning,
  repositoryIndex,
  repositoryIsFixed,
} from '../../../inference-image/src/protocol/metadata';

const signature: ModelManifest['signature'] = {
  inputs: [
    { name: 'x', datatype: 'FP32', dimensions: ['batch', null, 3] },
    { name: 'text', datatype: 'BYTES', dimensions: ['batch'] },
  ],
  outputs: [{ name: 'y', datatype: 'BOOL', dimensions: ['batch', 2] }],
};
const model: ModelManifest = { contractVersion: 1, name: 'm', version: '1', sha256: '', files: [], signature };

test('M10 without batching, dims are whole shapes, with -1 for free dimensions', () => {
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
    parameters: { row_independence: { string_value: 'unknown' }, max_shared_rows: { string_value: '1' } },
  });
});

test('with batching, dims are the shape of a row', () => {
  const axes = { inputAxes: [0, 0], outputAxes: [0] };
  const proved: ModelManifest = { ...model, batching: { verdict: 'independent', ...axes } };
  const config = modelConfig(proved, { executors: 1, maxBatchSize: 32, maxBatchDelaySeconds: 0.0015, axes });
  expect(config).toMatchObject({ max_batch_size: 32, dynamic_batching: { max_queue_delay_microseconds: 1500 } });
  expect([...config.input, ...config.output].map(({ dims }) => dims)).toEqual([[-1, 3], [], [2]]);
});

const texts = (manifest: ModelManifest, tuning: Partial<ModelTuning> = {}) => {
  const { parameters } = modelConfig(manifest, { executors: 1, maxBatchSize: 1, maxBatchDelaySeconds: 0, ...tuning });
  return Object.fromEntries(Object.entries(parameters).map(([name, { string_value }]) => [name, string_value]));
};

test('for rows on a different axis, dims are whole shapes and the parameters report shared runs', () => {
  const axes = { inputAxes: [0, null], outputAxes: [1] };
  const proved: ModelManifest = { ...model, batching: { verdict: 'independent', ...axes } };
  const config = modelConfig(proved, { executors: 1, maxBatchSize: 32, maxBatchDelaySeconds: 0, axes });
  expect(config).toMatchObject({ max_batch_size: 0, input: [{ dims: [-1, -1, 3] }, { dims: [-1] }] });
  expect(config).not.toHaveProperty('dynamic_batching');
  expect(texts(proved, { maxBatchSize: 32, axes })).toEqual({ row_independence: 'independent', max_shared_rows: '32' });
});

test.each(['coupled', 'not understood'] as const)('%s, with the node and the reason', (verdict) => {
  const batching = { verdict, node: 'n7', operator: 'Softmax', reason: 'its axis is that of the rows' };
  expect(texts({ ...model, batching })).toEqual({
    row_independence: verdict,
    row_independence_node: 'n7',
    row_independence_operator: 'Softmax',
    row_independence_reason: 'its axis is that of the rows',
    max_shared_rows: '1',
  });
});

test('fixed, with the reason', () => {
  const reason = 'input "x" has a fixed first dimension, 1';
  expect(texts({ ...model, batching: { verdict: 'fixed', reason } })).toEqual({
    row_independence: 'fixed',
    row_independence_reason: reason,
    max_shared_rows: '1',
  });
});

const served = { name: 'm', version: '7' } as ModelManifest;

test.each([
  ['ready', { ready: true, failure: undefined }, 'READY', ''],
  ['starting', { ready: false, failure: undefined }, 'UNAVAILABLE', 'the server is starting or shutting down'],
  ['failed', { ready: false, failure: 'wrong digest' }, 'UNAVAILABLE', 'wrong digest'],
])('a model that is %s', (_, readiness, state, reason) => {
  const entry = { name: 'm', version: '7', state, reason };
  expect(repositoryIndex(served, readiness, false)).toEqual([entry]);
  expect(repositoryIndex(served, readiness, true)).toEqual(readiness.ready ? [entry] : []);
});

test('models cannot be loaded or unloaded', () => {
  expect(repositoryIsFixed('unload', served)).toMatchObject({
    kind: 'invalid',
    message:
      'cannot unload model "m": this server serves only the model in its image; to serve a different model, deploy its image',
  });
});
