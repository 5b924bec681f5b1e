import fc from 'fast-check';
import type { BatchingVerdict } from '../../../inference-image/src/contract/batching-verdict';
import type { Settings } from '../../../inference-image/src/contract/settings';
import { modelFolder, type ModelFolderOptions } from '../../support/model-folder';
import { identity, initializer, node, value, type ModelParts } from '../../support/onnx-builder';
import { PREVIOUS_DEFAULTS, PREVIOUS_SETTINGS } from '../../support/previous-release';
import { ServerProcess, type LogLine } from '../../support/server';
import { slowModel } from '../../support/slow-model';

/** Model that computes y = relu(x a) b for x: FP32 [n, 4]. */
function mlp(): ModelParts {
  const weights = (count: number, seed: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i));
  return {
    inputs: [value('x', 'float', ['n', 4])],
    outputs: [value('y', 'float', ['n', 3])],
    nodes: [node('MatMul', ['x', 'a'], ['h']), node('Relu', ['h'], ['r']), node('MatMul', ['r', 'b'], ['y'])],
    initializers: [
      initializer('a', 'float', [4, 64], weights(256, 1)),
      initializer('b', 'float', [64, 3], weights(192, 2)),
    ],
  };
}

/**
 * Model that computes y: FP32 [n] = table[i] for i: INT64 [n], after the given rounds of work. The table has 10
 * elements; a run fails if an index is larger.
 */
function table(rounds = 20): ModelParts {
  const { nodes, initializers = [] } = slowModel();
  return {
    inputs: [value('i', 'int64', ['n'])],
    outputs: [value('y', 'float', ['n'])],
    nodes: [
      // The number of rounds is the same for every input, but is computed from the input, so that the optimizer
      // cannot fold it into a constant.
      node('ReduceMin', ['i'], ['least'], { attributes: { keepdims: 1 } }),
      node('Mul', ['least', 'none'], ['nil']),
      node('Add', ['nil', 'rounds'], ['n']),
      ...nodes.map((loop: any) => ({ ...loop, output: ['counted'] })),
      node('Mul', ['counted', 'off'], ['offset']),
      node('Gather', ['table', 'i'], ['found']),
      node('Add', ['found', 'offset'], ['y']),
    ],
    initializers: [
      ...initializers,
      initializer(
        'table',
        'float',
        [10],
        Float32Array.from({ length: 10 }, (_, i) => 10 * i),
      ),
      initializer('off', 'float', [1], new Float32Array(1)),
      initializer('none', 'int64', [1], new BigInt64Array(1)),
      initializer('rounds', 'int64', [1], BigInt64Array.of(BigInt(rounds))),
    ],
  };
}

const notShared = (line: LogLine) => line.msg === 'requests do not share runs';

/** Numbers of runs and rows that the server has counted so far. */
async function counted(server: ServerProcess): Promise<{ runs: number; rows: number }> {
  const text = await server.metrics();
  const read = (name: string) =>
    Number(new RegExp(`^inference_batch_size_${name}\\{.*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { runs: read('count'), rows: read('sum') };
}

const row = (data: number[]) => ({ inputs: [{ name: 'x', datatype: 'FP32', shape: [data.length / 4, 4], data }] });

describe('concurrent requests have the same results as requests sent one at a time', () => {
  const requests = fc.array(
    fc.integer({ min: 1, max: 5 }).chain((rows) => {
      const element = fc.float({ noNaN: true, min: -1000, max: 1000 });
      return fc.array(element, { minLength: 4 * rows, maxLength: 4 * rows });
    }),
    { minLength: 2, maxLength: 24 },
  );

  // In the second case, only executors run the model, because a batch delay keeps runs off the main thread.
  test.each<[string, Partial<Settings>]>([
    ['on the main thread', { maxBatchSize: 8 }],
    ['on executors', { maxBatchSize: 8, maxBatchDelaySeconds: 0.001 }],
  ])('%s', async (_, settings) => {
    const server = await ServerProcess.start(mlp(), settings);
    const ready = server.log.find(({ msg }) => msg === 'ready');
    expect(ready).toMatchObject({ maxBatchSize: 8, largestDifference: expect.any(Number) });
    expect(ready?.largestDifference).toBeLessThan(1e-4);
    let alone = 0;
    await fc.assert(
      fc.asyncProperty(requests, async (batch) => {
        const expected = [];
        for (const data of batch) expected.push((await server.infer(row(data))).body);
        const { runs } = await counted(server);
        const got = await Promise.all(batch.map(async (data) => (await server.infer(row(data))).body));
        alone += batch.length - ((await counted(server)).runs - runs);
        expect(got).toEqual(expected);
      }),
      { numRuns: 40 },
    );
    // If this fails, too few runs were shared for the test to be meaningful.
    expect(alone).toBeGreaterThan(40);
  });
});

test('a request that the runtime refuses does not affect others', async () => {
  const server = await ServerProcess.start(table());
  const ask = (i: number) => server.infer({ inputs: [{ name: 'i', datatype: 'INT64', shape: [1], data: [i] }] });
  const indices = [0, 1, 2, 99, 4, 5, 6, 7];
  const replies = await Promise.all(indices.map(ask));
  expect(replies.map(({ status, body }) => (status === 200 ? body.outputs[0].data[0] : status))).toEqual([
    0, 10, 20, 400, 40, 50, 60, 70,
  ]);
  expect(replies[3]?.body.error).toContain('the model cannot run on this input');
  expect((await ask(3)).body.outputs[0].data).toEqual([30]);
});

test('S9 serves a request with more rows than the maximum of a run', async () => {
  const server = await ServerProcess.start(mlp(), { maxBatchSize: 8 });
  const data = Array.from({ length: 80 }, (_, i) => i / 7);
  const before = await counted(server);
  const whole = await server.infer(row(data));
  const after = await counted(server);
  expect([after.runs - before.runs, after.rows - before.rows]).toEqual([3, 20]);
  const alone = [];
  for (let i = 0; i < 80; i += 4) alone.push(...(await server.infer(row(data.slice(i, i + 4)))).body.outputs[0].data);
  expect(whole.body.outputs[0]).toEqual({ name: 'y', datatype: 'FP32', shape: [20, 3], data: alone });
});

test.each<[string, ModelParts, BatchingVerdict | null, Partial<Settings>, string, string]>([
  [
    'M7 a fixed first dimension',
    identity('float', [1, 4]),
    { verdict: 'fixed', reason: 'input "x" has a fixed first dimension, 1' },
    {},
    'info',
    'input "x" has a fixed first dimension, 1',
  ],
  [
    'M7 with batches requested',
    identity('float', [1, 4]),
    { verdict: 'fixed', reason: 'input "x" has a fixed first dimension, 1' },
    { maxBatchSize: 8 },
    'warn',
    'input "x" has a fixed first dimension, 1',
  ],
  [
    'M7 with independence assumed',
    identity('float', [1, 4]),
    { verdict: 'fixed', reason: 'no matter' },
    { rowIndependence: 'assume' },
    'info',
    'input "x" has a fixed first dimension, 1',
  ],
])('%s is served without batching, and the log has the reason', async (_, parts, batching, settings, level, reason) => {
  const server = await ServerProcess.start(parts, settings, { batching });
  expect(server.log.find(notShared)).toMatchObject({ level, reason });
  const reply = await server.infer(row([1, 2, 3, 4]));
  expect(reply.body.outputs[0].data).toEqual([1, 2, 3, 4]);
});

test('serves a model.json of the previous release without batching, and logs the reason and the remedy', async () => {
  const previous: ModelFolderOptions = { batching: null, edit: (manifest) => (manifest.contractVersion = 1) };
  const server = await ServerProcess.start(mlp(), {}, previous);
  expect(server.log.filter(notShared)).toEqual([
    expect.objectContaining({
      level: 'warn',
      reason: 'model.json, with contractVersion 1, does not declare whether rows influence each other',
      remedy: expect.stringMatching(/^rebuild the image with cdktf-model-serving \d/),
    }),
  ]);
  const before = await counted(server);
  await Promise.all(Array.from({ length: 20 }, () => server.infer(row([1, 2, 3, 4]))));
  expect((await counted(server)).runs - before.runs).toBe(20);
  const { parameters } = (await server.get('/v2/models/m/config')).body;
  expect(parameters).toEqual({ row_independence: { string_value: 'unknown' }, max_shared_rows: { string_value: '1' } });
});

test('shares runs for a model.json of the previous release whose rows are assumed to be independent', async () => {
  const previous: ModelFolderOptions = { batching: null, edit: (manifest) => (manifest.contractVersion = 1) };
  const server = await ServerProcess.start(mlp(), { rowIndependence: 'assume' }, previous);
  expect(server.log.find(notShared)).toBeUndefined();
  const ready = server.log.find(({ msg }) => msg === 'ready');
  expect(ready).toMatchObject({ maxBatchSize: 32 });
  // Only a trial would report a difference.
  expect(ready).not.toHaveProperty('largestDifference');
  expect(server.log).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      reason: 'model.json, with contractVersion 1, does not declare whether rows influence each other',
      msg: 'requests share runs because rowIndependence is "assume"; an answer may depend on the other requests of its run',
    }),
  );
});

test('starts with the old name of a setting, as set by a library of the previous release', async () => {
  const environment = { ...PREVIOUS_DEFAULTS, MODEL_SERVING_DRAIN_SECONDS: '0' };
  for (const name of Object.keys(environment)) expect(Object.keys(PREVIOUS_SETTINGS)).toContain(name);
  const server = ServerProcess.spawn(modelFolder(mlp()), {}, environment);
  const ready = await server.waitForLog(({ msg }) => msg === 'ready');
  expect(ready).toMatchObject({ maxBatchSize: 32, largestDifference: expect.any(Number) });
});

test('a maximum of 1 disables batching without a log line', async () => {
  const server = await ServerProcess.start(mlp(), { maxBatchSize: 1 });
  expect(server.log.find(notShared)).toBeUndefined();
  expect((await server.get('/v2/models/m/config')).body.max_batch_size).toBe(0);
});
