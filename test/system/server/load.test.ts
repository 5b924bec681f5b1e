import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../../../lib/base/quantile';
import { identity, node, value, type ModelParts } from '../../support/onnx-builder';
import { floats, rounds, roundsFor } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

describe('under load', () => {
  test('S1 health and metrics are answered at once during a run of several seconds', async () => {
    const server = await ServerProcess.start(slowModel());
    const n = await roundsFor(server, 2);
    const begun = performance.now();
    const run = server.infer(rounds(n));
    const waits: number[] = [];
    let over = false;
    void run.then(() => (over = true));
    while (!over) {
      for (const poll of [
        () => server.get('/v2/health/live'),
        () => server.get('/v2/health/ready'),
        () => server.metrics(),
      ]) {
        const start = performance.now();
        await poll();
        waits.push(performance.now() - start);
      }
      await sleep(20);
    }
    expect((await run).body.outputs[0].data).toEqual([n]);
    // The waits are compared with the run's own duration and not with a fixed limit, because tests share the machine.
    const runMs = performance.now() - begun;
    expect(Math.max(...waits)).toBeLessThan(runMs / 4);
    expect(median(waits)).toBeLessThan(runMs / 10);
  });

  test('S11 a full queue answers 429 at once, and health checks are answered', async () => {
    const server = await ServerProcess.start(slowModel(), { maxQueueLength: 2 });
    const n = await roundsFor(server, 0.8);
    const start = performance.now();
    const replies = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { status, headers, body } = await server.infer(rounds(n));
        return { status, retry: headers.get('retry-after'), error: body.error, after: performance.now() - start };
      }),
    );
    const withStatus = (code: number) => replies.filter(({ status }) => status === code);
    const [served, refused] = [withStatus(200), withStatus(429)];
    expect(served).toHaveLength(3);
    expect(refused).toHaveLength(7);
    expect(refused[0]).toMatchObject({ retry: '1', error: 'the queue is full: 2 requests are waiting' });
    const times = (of: typeof replies) => of.map(({ after }) => after);
    expect(Math.max(...times(refused))).toBeLessThan(Math.min(...times(served)));
    expect(await server.metrics()).toContain('inference_requests_total{model="m",version="1",outcome="rejected"} 7');
  });

  test('running and waiting requests are in flight', async () => {
    const server = await ServerProcess.start(slowModel());
    const n = await roundsFor(server, 1);
    const replies = Array.from({ length: 3 }, () => server.infer(rounds(n)));
    await server.seriesReaches('inference_in_flight', 3);
    const metrics = (await server.metrics()).split('\n');
    for (const line of ['inference_running{%} 1', 'inference_queue_length{%} 2', 'inference_in_flight{%} 3'])
      expect(metrics).toContain(line.replace('%', 'model="m",version="1"'));
    await Promise.all(replies);
  });

  test('a request that waits too long gets a 504 and never runs', async () => {
    const server = await ServerProcess.start(slowModel(), { queueTimeoutSeconds: 0.1 });
    const n = await roundsFor(server, 0.6);
    const first = server.infer(rounds(n));
    await server.seriesReaches('inference_running', 1);
    const { status, body } = await server.infer(rounds(n));
    expect([status, body]).toEqual([504, { error: 'no executor was free within 0.1 s' }]);
    expect((await first).status).toBe(200);
  });

  test('a request whose client has disconnected never runs', async () => {
    const server = await ServerProcess.start(slowModel());
    const n = await roundsFor(server, 1);
    const before = await server.series('inference_run_duration_seconds_count');
    const first = server.infer(rounds(n));
    await server.seriesReaches('inference_running', 1);
    const gone = new AbortController();
    const second = server.infer(rounds(n), { signal: gone.signal }).catch(() => 'aborted');
    await server.seriesReaches('inference_queue_length', 1);
    gone.abort();
    expect(await second).toBe('aborted');
    await first;
    await server.infer(rounds(1));
    expect((await server.series('inference_run_duration_seconds_count')) - before).toBe(2);
    expect(await server.metrics()).toContain('outcome="cancelled"} 1');
  });

  test('S8 memory stabilizes with inputs of many different lengths', async () => {
    const parts: ModelParts = {
      inputs: [value('x', 'float', ['n'])],
      outputs: [value('y', 'float', ['n'])],
      nodes: [node('Sin', ['x'], ['s']), node('Exp', ['s'], ['y'])],
    };
    const server = await ServerProcess.start(parts);
    const agent = new Agent({ keepAlive: true });
    const headers = { 'inference-header-content-length': '0' };
    const post = (bytes: Buffer) =>
      new Promise<void>((resolve, reject) => {
        const sent = request(`${server.url}/v2/models/m/infer`, { agent, method: 'POST', headers }, (response) => {
          response.resume().on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error('failed'))));
        });
        sent.on('error', reject).end(bytes);
      });
    const round = async () => {
      for (let i = 0; i < 500; i++) await post(Buffer.alloc(4 * (1000 + ((i * 37) % 500) * 40)));
      return server.series('process_resident_memory_bytes');
    };
    const settled = Math.max(await round(), await round());
    expect((await round()) / settled).toBeLessThan(1.1);
    agent.destroy();
  });
});

test('S13 metrics have latencies and outcomes only of the served model, whatever names clients use', async () => {
  const server = await ServerProcess.start(identity('float', ['n']));
  await server.infer(floats(1));
  await server.infer({ inputs: [] });
  const series = async () => (await server.metrics()).split('\n').filter((line) => /^inference_/.test(line));
  const before = await series();
  const labels = 'model="m",version="1"';
  for (const line of [
    `inference_requests_total{${labels},outcome="success"} 1`,
    `inference_requests_total{${labels},outcome="invalid"} 1`,
    `inference_requests_total{${labels},outcome="error"} 0`,
    `inference_request_duration_seconds_count{${labels},outcome="success"} 1`,
    `inference_request_duration_seconds_bucket{${labels},outcome="invalid",le="+Inf"} 1`,
    `inference_decode_duration_seconds_count{${labels}} 1`,
    `inference_queue_duration_seconds_count{${labels}} 1`,
    `inference_run_duration_seconds_count{${labels}} 1`,
    `inference_encode_duration_seconds_count{${labels}} 1`,
    `inference_batch_size_bucket{${labels},le="1"} 1`,
    `inference_batch_size_sum{${labels}} 1`,
    `inference_queue_length{${labels}} 0`,
    `inference_in_flight{${labels}} 0`,
    `inference_executors{${labels}} 1`,
  ]) {
    expect(before).toContain(line);
  }
  for (let i = 0; i < 100; i++) await server.infer({}, { path: `/v2/models/name-${i}/infer` });
  expect(await series()).toHaveLength(before.length);

  const other = await fetch(`${server.metricsUrl}/v2`);
  expect([other.status, await other.json()]).toEqual([404, { error: 'no such path; metrics are at /metrics' }]);
});
