import fc from 'fast-check';
import type { BatchingVerdict } from '../../../inference-image/src/contract/batching-verdict';
import type { Settings } from '../../../inference-image/src/contract/settings';
import { identity, initializer, node, value, type ModelParts } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';

/** Numbers of runs and rows so far, from the statistics in Triton's format. */
async function counted(server: ServerProcess): Promise<{ runs: number; rows: number }> {
  const [stats] = (await server.get('/v2/models/m/stats')).body.model_stats;
  return { runs: stats.execution_count, rows: stats.inference_count };
}

/** Settings that keep runs off the main thread, and let requests that arrive at the same time share runs. */
const DELAYED: Partial<Settings> = { maxBatchDelaySeconds: 0.002 };

/** Whole numbers, so that sums are exact in any order. */
const numbers = (count: number, seed = 0) => Array.from({ length: count }, (_, i) => ((7 * seed + 13 * i) % 17) - 8);

const tensor = (name: string, shape: number[], seed = 0) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return { name, datatype: 'FP32', shape, data: numbers(count, seed) };
};

/**
 * Sends each request alone, and then all of them at once. Expects the same answers.
 * @returns Number of runs saved by sharing
 */
async function spared(server: ServerProcess, requests: readonly object[]): Promise<number> {
  const start = await counted(server);
  const alone: unknown[] = [];
  for (const request of requests) alone.push((await server.infer(request)).body.outputs);
  const middle = await counted(server);
  const together = await Promise.all(requests.map(async (request) => (await server.infer(request)).body.outputs));
  expect(together).toEqual(alone);
  const end = await counted(server);
  return middle.runs - start.runs - (end.runs - middle.runs);
}

describe('rows on other axes, and an input that all rows of a run share', () => {
  /**
   * Step of a recurrent model. The rows are on axis 1 of x [length, N, 2] and state [2, K, 3], and on axis 0 of gain
   * [M, 1]. All rows share the rate.
   */
  const recurrent: ModelParts = {
    inputs: [
      value('x', 'float', ['length', 'N', 2]),
      value('state', 'float', [2, 'K', 3]),
      value('gain', 'float', [null, 1]),
      value('rate', 'int64', []),
    ],
    outputs: [
      value('y', 'float', ['length', 'unk__215', 2]),
      value('next', 'float', [2, 'N', 3]),
      value('sum', 'float', ['N']),
    ],
    nodes: [
      node('Cast', ['rate'], ['factor'], { attributes: { to: 1 } }),
      node('Mul', ['x', 'factor'], ['scaled']),
      node('Mul', ['scaled', 'gain'], ['y']),
      node('ReduceSum', ['scaled', 'axes'], ['sum'], { attributes: { keepdims: 0 } }),
      node('Mul', ['state', 'gain'], ['decayed']),
      node('Unsqueeze', ['sum', 'last'], ['sumColumn']),
      node('Add', ['decayed', 'sumColumn'], ['next']),
    ],
    initializers: [
      initializer('axes', 'int64', [2], BigInt64Array.of(0n, 2n)),
      initializer('last', 'int64', [1], BigInt64Array.of(1n)),
    ],
  };
  const batching: BatchingVerdict = { verdict: 'independent', inputAxes: [1, 1, 0, null], outputAxes: [1, 1, 0] };

  const request = ({ rows, length, rate, seed }: { rows: number; length: number; rate: number; seed: number }) => ({
    inputs: [
      { name: 'rate', datatype: 'INT64', shape: [], data: [rate] },
      tensor('state', [2, rows, 3], seed),
      tensor('x', [length, rows, 2], seed + 1),
      tensor('gain', [rows, 1], seed + 2),
    ],
  });
  const requests = fc.array(
    fc.record({
      rows: fc.integer({ min: 1, max: 4 }),
      length: fc.integer({ min: 1, max: 2 }),
      rate: fc.constantFrom(8000, 8000, 16000),
      seed: fc.nat(1000),
    }),
    { minLength: 4, maxLength: 16 },
  );

  test.each<[string, Partial<Settings>]>([
    ['whole', { maxBatchSize: 16 }],
    ['split', { maxBatchSize: 3, executors: 2, threadsPerExecutor: 1 }],
  ])('%s', async (_, settings) => {
    const server = await ServerProcess.start(recurrent, { maxBatchDelaySeconds: 0.005, ...settings }, { batching });
    expect(server.log.filter(({ level }) => level !== 'info')).toEqual([]);
    let total = 0;
    await fc.assert(
      fc.asyncProperty(requests, async (batch) => {
        total += await spared(server, batch.map(request));
      }),
      { numRuns: 25 },
    );
    // If this fails, no runs were shared, and nothing was tested.
    expect(total).toBeGreaterThan(0);
  });

  test('requests with different values of the common input never share a run', async () => {
    const server = await ServerProcess.start(recurrent, {}, { batching });
    const rates = Array.from({ length: 20 }, (_, seed) => request({ rows: 1, length: 1, rate: seed, seed }));
    expect(await spared(server, rates)).toBe(0);
  });

  test('S9 a larger request is split along its row axes, and its rows are counted', async () => {
    const server = await ServerProcess.start(recurrent, { maxBatchSize: 4 }, { batching });
    const { runs, rows } = await counted(server);
    const { body, status } = await server.infer(request({ rows: 11, length: 2, rate: 3, seed: 5 }));
    expect([status, body.error]).toEqual([200, undefined]);
    const after = await counted(server);
    expect([after.runs - runs, after.rows - rows]).toEqual([3, 11]);
    const [y, next, sum] = body.outputs;
    expect([y.shape, next.shape, sum.shape]).toEqual([[2, 11, 2], [2, 11, 3], [11]]);
    const { inputs } = request({ rows: 11, length: 2, rate: 3, seed: 5 });
    const [x, gain] = [inputs[2]!.data, inputs[3]!.data];
    expect(y.data).toEqual(x.map((number, i) => number * 3 * gain[Math.floor(i / 2) % 11]!));
  });

  test('the trial uses a common input that the model accepts', async () => {
    /** Model that computes y = x if the index is 0, and refuses any other index. */
    const picky: ModelParts = {
      inputs: [value('x', 'float', ['N', 2]), value('index', 'int64', [1])],
      outputs: [value('y', 'float', ['N', 2])],
      nodes: [node('Gather', ['one', 'index'], ['factor']), node('Mul', ['x', 'factor'], ['y'])],
      initializers: [initializer('one', 'float', [1], Float32Array.of(1))],
    };
    const common: BatchingVerdict = { verdict: 'independent', inputAxes: [0, null], outputAxes: [0] };
    const server = await ServerProcess.start(picky, {}, { batching: common });
    expect(server.log.at(-1)).toMatchObject({ msg: 'ready', maxBatchSize: 32, largestDifference: 0 });
  });

  test('the trial uses small numbers for a model that converts floats to indices', async () => {
    const lookUp: ModelParts = {
      inputs: [value('x', 'float', ['N', 2])],
      outputs: [value('y', 'float', ['N', 2])],
      nodes: [node('Cast', ['x'], ['place'], { attributes: { to: 7 } }), node('Gather', ['table', 'place'], ['y'])],
      initializers: [initializer('table', 'float', [3], Float32Array.of(5, 6, 7))],
    };
    const server = await ServerProcess.start(lookUp, {});
    expect(server.log.at(-1)).toMatchObject({ msg: 'ready', maxBatchSize: 32, largestDifference: 0 });
  });

  test('warms up a model that divides by its input with ones', async () => {
    const divided: ModelParts = {
      inputs: [value('x', 'int64', ['N', 2])],
      outputs: [value('y', 'int64', ['N', 2])],
      nodes: [node('Div', ['x', 'x'], ['y'])],
    };
    const server = await ServerProcess.start(divided, { maxBatchSize: 1 });
    expect(server.log.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('the trial uses golden examples if the model refuses generated values', async () => {
    /** Model that computes y = table[id - 1000]; the table has three elements. */
    const table: ModelParts = {
      inputs: [value('id', 'int64', ['N'])],
      outputs: [value('y', 'float', ['N'])],
      nodes: [node('Sub', ['id', 'first'], ['place']), node('Gather', ['table', 'place'], ['y'])],
      initializers: [
        initializer('first', 'int64', [], BigInt64Array.of(1000n)),
        initializer('table', 'float', [3], Float32Array.of(5, 6, 7)),
      ],
    };
    const example = {
      name: 'two',
      request: { inputs: [{ name: 'id', datatype: 'INT64' as const, shape: [2], data: [1000, 1002] }] },
      response: { outputs: [{ name: 'y', datatype: 'FP32' as const, shape: [2], data: [5, 7] }] },
    };
    const server = await ServerProcess.start(table, {}, { examples: [example] });
    expect(server.log.at(-1)).toMatchObject({ msg: 'ready', maxBatchSize: 32, largestDifference: 0 });
    const without = await ServerProcess.start(table, {});
    expect(without.log.find(({ msg }) => msg === 'requests do not share runs')).toBeDefined();
  });

  test('the model configuration has whole shapes and reports shared runs', async () => {
    const server = await ServerProcess.start(recurrent, {}, { batching });
    const { body } = await server.get('/v2/models/m/config');
    expect(body).toMatchObject({
      max_batch_size: 0,
      parameters: { row_independence: { string_value: 'independent' }, max_shared_rows: { string_value: '32' } },
    });
    expect(body.input.map(({ dims }: any) => dims)).toEqual([[-1, -1, 2], [2, -1, 3], [-1, 1], []]);
  });

  test('shares runs of strings', async () => {
    const parts = identity('string', [2, 'N']);
    const server = await ServerProcess.start(parts, DELAYED, {
      batching: { verdict: 'independent', inputAxes: [1], outputAxes: [1] },
    });
    const texts = (rows: number) => ({
      inputs: [
        {
          name: 'x',
          datatype: 'BYTES',
          shape: [2, rows],
          data: Array.from({ length: 2 * rows }, (_, i) => `${rows} ${i}`),
        },
      ],
    });
    expect(await spared(server, [1, 2, 3, 1, 4, 2].map(texts))).toBeGreaterThan(0);
  });
});

test.each([
  ['M10 unnamed', null, null],
  ['M23 with different names', 'unk__214', 'unk__215'],
])('rows of dimensions that are %s share runs', async (_, first, second) => {
  const parts: ModelParts = {
    inputs: [value('x', 'float', [first, 4])],
    outputs: [value('y', 'float', [second, 4])],
    nodes: [node('Neg', ['x'], ['y'])],
  };
  const batching: BatchingVerdict = { verdict: 'independent', inputAxes: [0], outputAxes: [0] };
  const server = await ServerProcess.start(parts, DELAYED, { batching });
  const requests = Array.from({ length: 20 }, (_, seed) => ({ inputs: [tensor('x', [1, 4], seed)] }));
  expect(await spared(server, requests)).toBeGreaterThan(0);
});

describe('requests with inconsistent rows run alone', () => {
  /** Model that computes c = -a for a [N, 4], and d = -b for b [M, 3]. */
  const two: ModelParts = {
    inputs: [value('a', 'float', ['N', 4]), value('b', 'float', ['M', 3])],
    outputs: [value('c', 'float', ['N', 4]), value('d', 'float', ['M', 3])],
    nodes: [node('Neg', ['a'], ['c']), node('Neg', ['b'], ['d'])],
  };
  const request = (n: number, m: number, seed = 0) => {
    return { inputs: [tensor('a', [n, 4], seed), tensor('b', [m, 3], seed)] };
  };

  test.each<[string, Partial<Settings>]>([
    ['whole', { maxBatchSize: 4, maxBatchDelaySeconds: 0.002 }],
    ['without splitting larger ones', DELAYED],
  ])('M9 inputs with different numbers of rows, %s', async (_, settings) => {
    const server = await ServerProcess.start(two, settings);
    const { body } = await server.infer(request(2, 3));
    expect(body.outputs.map(({ shape }: any) => shape)).toEqual([
      [2, 4],
      [3, 3],
    ]);
    expect((await server.infer(request(9, 3))).status).toBe(200);
    const uneven = Array.from({ length: 12 }, (_, i) => request(2, 3, i));
    expect(await spared(server, uneven)).toBe(0);
    const even = Array.from({ length: 12 }, (_, i) => request(1 + (i % 2), 1 + (i % 2), i));
    expect(await spared(server, [...uneven, ...even])).toBeGreaterThan(0);
    // Such requests must not turn off sharing for the model.
    expect(server.log.filter(({ msg }) => msg === 'requests do not share runs')).toEqual([]);
  });

  test('M19 requests without rows, on any axis and together with others', async () => {
    const parts = identity('float', [2, 'N']);
    const batching: BatchingVerdict = { verdict: 'independent', inputAxes: [1], outputAxes: [1] };
    const server = await ServerProcess.start(parts, DELAYED, { batching });
    const requests = [1, 0, 2, 0, 1, 1].map((rows) => ({ inputs: [tensor('x', [2, rows], rows)] }));
    expect(await spared(server, requests)).toBeGreaterThan(0);
    expect((await server.infer(requests[1])).body.outputs[0]).toEqual({
      name: 'y',
      datatype: 'FP32',
      shape: [2, 0],
      data: [],
    });
  });
});

describe('S15 a model that refuses the smallest shape', () => {
  const conv = (channels: number): ModelParts => ({
    inputs: [value('x', 'float', ['N', channels, 'height', 'width'])],
    outputs: [value('y', 'float', ['N', 1, 'h', 'w'])],
    nodes: [
      node('Conv', ['x', 'kernel'], ['first'], { attributes: { kernel_shape: [3, 3] } }),
      node('MaxPool', ['first'], ['y'], { attributes: { kernel_shape: [2, 2], strides: [2, 2] } }),
    ],
    initializers: [initializer('kernel', 'float', [1, channels, 3, 3], Float32Array.from(numbers(9 * channels)))],
  });
  const notWarm = ({ msg }: { msg: string }) => msg.includes('was not warmed up');

  test('is warmed up with a larger shape, and shares runs', async () => {
    const server = await ServerProcess.start(conv(3), DELAYED);
    expect(server.log.filter(({ level }) => level !== 'info')).toEqual([]);
    const requests = Array.from({ length: 16 }, (_, seed) => ({ inputs: [tensor('x', [1, 3, 9, 8], seed)] }));
    expect(await spared(server, requests)).toBeGreaterThan(0);
  });

  test('is also warmed up without shared runs', async () => {
    const batching: BatchingVerdict = { verdict: 'not understood', node: 'n', operator: 'Conv', reason: 'why' };
    const server = await ServerProcess.start(conv(1), {}, { batching });
    expect(server.log.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  test('is logged as not warmed up, once for all executors, if it refuses all sizes', async () => {
    const odd: ModelParts = {
      inputs: [value('x', 'float', ['N', 'width'])],
      outputs: [value('y', 'float', ['N', 'groups', 7])],
      nodes: [node('Reshape', ['x', 'shape'], ['y'])],
      initializers: [initializer('shape', 'int64', [3], BigInt64Array.of(0n, -1n, 7n))],
    };
    const server = await ServerProcess.start(odd, { executors: 2, threadsPerExecutor: 1 });
    expect(server.log.filter(notWarm)).toEqual([
      expect.objectContaining({ level: 'warn', error: expect.stringContaining('Reshape') }),
    ]);
    expect(server.log.at(-1)).toMatchObject({ msg: 'ready' });
    const { body } = await server.infer({ inputs: [tensor('x', [2, 14])] });
    expect(body.outputs[0].shape).toEqual([2, 2, 7]);
  });
});
