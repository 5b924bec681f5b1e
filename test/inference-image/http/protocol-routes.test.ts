import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { setImmediate as tick } from 'node:timers/promises';
import { Inflater } from '../../../inference-image/src/budget/inflater';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { UnreadAnswers } from '../../../inference-image/src/budget/unread-answers';
import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { Codec } from '../../../inference-image/src/codec/codec';
import { buildApp } from '../../../inference-image/src/http/app';
import type { DataPlane } from '../../../inference-image/src/inference/data-plane';
import type { Run } from '../../../inference-image/src/inference/executor';
import type { Caller } from '../../../inference-image/src/inference/job';
import type { Log } from '../../../inference-image/src/base/log';
import { Metrics } from '../../../inference-image/src/metrics/metrics';
import { InferRequestDecoder } from '../../../inference-image/src/protocol/infer-request';
import { floats } from '../../support/requests';

const signature: ModelManifest['signature'] = {
  inputs: [{ name: 'x', datatype: 'FP32', dimensions: [null] }],
  outputs: [{ name: 'x', datatype: 'FP32', dimensions: [null] }],
};
const model: ModelManifest = { contractVersion: 1, name: 'm', version: '1', sha256: '', files: [], signature };
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

const noThread = () => {
  throw new Error('no body of these tests is large');
};

const apps: FastifyInstance[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

/** Starts a server with a function in place of the model. */
async function setUp(infer: (run: Run, caller: Caller) => Run['inputs'], level = 'error') {
  const lines: Array<Record<string, unknown>> = [];
  const log = pino({ level, base: null }, { write: (line) => lines.push(JSON.parse(line)) }) as Log;
  const budget = new MemoryBudget(2 ** 20);
  const app = buildApp({
    model,
    tuning: { executors: 1, maxBatchSize: 32, maxBatchDelaySeconds: 0, axes: { inputAxes: [0], outputAxes: [0] } },
    codec: new Codec({ model, decoder: new InferRequestDecoder(signature), startThread: noThread, maxQueueLength: 1 }),
    dataPlane: { ready: true, assertServing: () => undefined, infer } as unknown as DataPlane,
    metrics: new Metrics(model, { queueLength: 0, runningCount: 0, executorCount: 1 }, budget),
    log,
    maxRequestBytes: 10_000,
    budget,
    inflater: new Inflater(),
    unread: new UnreadAnswers({ totalBytes: 32 * 1024 * 1024 }, { observeDrop: () => undefined }),
    receiveTimeoutSeconds: 60,
    idleTimeoutSeconds: 75,
    allowedOrigins: [],
  });
  apps.push(app);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const post = (parameters: object = {}, headers: Record<string, string> = {}) =>
    fetch(`${url}/v2/models/m/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close', ...headers },
      body: JSON.stringify({ ...floats(1), parameters }),
    });
  return { url, lines, post };
}

describe('the deadline of a request', () => {
  const deadlineOf = async (parameters: object) => {
    let deadline: number | undefined;
    const { post } = await setUp(({ inputs }, caller) => {
      deadline = caller.deadline;
      return inputs;
    });
    expect((await post(parameters)).status).toBe(200);
    return deadline;
  };

  test('is its arrival plus its timeout', async () => {
    const before = performance.now();
    const arrived = ((await deadlineOf({ timeout: 60_000_000, priority: 2 })) as number) - 60_000;
    expect(arrived).toBeGreaterThan(before);
    expect(arrived).toBeLessThan(performance.now());
  });

  test.each([{}, { timeout: 0 }])('does not exist with %j', async (parameters) => {
    expect(await deadlineOf(parameters)).toBeUndefined();
  });
});

test('the model configuration is current', async () => {
  const { url } = await setUp(({ inputs }) => inputs);
  const reply = await fetch(`${url}/v2/models/m/config`, { headers: { connection: 'close' } });
  expect(await reply.json()).toMatchObject({ max_batch_size: 32, input: [{ name: 'x', dims: [] }] });
});

describe('the trace of a request', () => {
  const fail = () => {
    throw new Error('no such kernel');
  };
  const fields = { trace_id: trace, span_id: span };

  test('is logged with its failure', async () => {
    const { post, lines } = await setUp(fail);
    expect((await post({}, { traceparent: `00-${trace}-${span}-01` })).status).toBe(500);
    expect(lines).toEqual([expect.objectContaining({ ...fields, msg: 'request failed' })]);
  });

  test('is logged with the request', async () => {
    const { post, lines } = await setUp(fail, 'debug');
    await post({}, { traceparent: `00-${trace}-${span}-01` });
    while (lines.length < 2) await tick();
    expect(lines).toEqual([
      expect.objectContaining({ ...fields, msg: 'request failed' }),
      expect.objectContaining({ ...fields, msg: 'request', status: 500 }),
    ]);
  });

  test.each<Record<string, string>>([{}, { traceparent: 'none' }])(
    'is not logged with the headers %j',
    async (headers) => {
      const { post, lines } = await setUp(fail, 'debug');
      await post({}, headers);
      while (lines.length < 2) await tick();
      for (const line of lines) expect(Object.keys(line)).not.toContain('trace_id');
    },
  );
});
