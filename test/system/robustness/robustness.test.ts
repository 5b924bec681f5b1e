import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcClient } from '../../support/grpc-client';
import { modelFolder } from '../../support/model-folder';
import { identity } from '../../support/onnx-builder';
import { rounds, roundsFor } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';
import { Clients, ROWS, type Counts } from './clients';

const MODEL = identity('float', ['n', 4]);
/** Settings that keep runs off the main thread, so that all of them are on executors. */
const EXECUTORS_ALONE = { maxBatchDelaySeconds: 0.001 };

/** Maximum duration of a probe. A slower probe has waited for runs, and not only for a CPU of a shared machine. */
const LONG_MS = 1000;

function report(what: string, counts: object): void {
  console.info(`${what}: ${JSON.stringify(counts)}`);
}

const total = (counts: Counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);

/**
 * Requests liveness and metrics repeatedly until a promise settles, and returns the time of the slowest request in
 * milliseconds.
 */
async function slowestProbe(server: ServerProcess, until: Promise<unknown>): Promise<number> {
  let over = false;
  void until.finally(() => (over = true));
  let slowest = 0;
  while (!over) {
    for (const probe of [() => server.get('/v2/health/live'), () => server.metrics()]) {
      const start = performance.now();
      await probe();
      slowest = Math.max(slowest, performance.now() - start);
    }
    await sleep(20);
  }
  return Math.round(slowest);
}

test('executors that throw under load are replaced, and only requests that ran alone fail', async () => {
  const folder = modelFolder(MODEL);
  const env = { NODE_OPTIONS: `--require ${join(__dirname, 'faulty-executor.cjs')}` };
  const server = ServerProcess.spawn(folder, { ...EXECUTORS_ALONE, executors: 2, threadsPerExecutor: 1 }, env);
  await server.waitForLog((line) => line.msg === 'ready');
  const clients = new Clients({ url: () => server.url, clients: 32, ...ROWS });
  const countReplaced = () => server.log.filter(({ msg }) => msg.startsWith('an executor exited')).length;
  await sleep(6000);
  while (countReplaced() < 3) await sleep(50);
  const counts = await clients.stop();
  const replaced = countReplaced();
  report('executors that throw', { ...counts, replaced });
  expect(replaced).toBeGreaterThan(2);
  expect(Object.keys(counts).filter((key) => key !== '200' && key !== '500')).toEqual([]);
  // When an executor exits, its current run and the run that waits for it may fail, if each is for a single request.
  expect(counts['500'] ?? 0).toBeLessThanOrEqual(2 * replaced);
  expect((await server.infer(ROWS.body(7))).body.outputs[0].data).toEqual([7, 8, 9, 10]);
  expect(await server.stop()).toBe(0);
});

test('one of two replicas is killed under load: the other answers retries', async () => {
  const replicas = [await ServerProcess.start(MODEL), await ServerProcess.start(MODEL)];
  let turn = 0;
  const url = () => (replicas[turn++ % replicas.length] as ServerProcess).url;
  const clients = new Clients({ url, clients: 16, retries: true, ...ROWS });
  await sleep(1000);
  const [victim] = replicas as [ServerProcess];
  victim.process.kill('SIGKILL');
  replicas.shift();
  await sleep(1000);
  replicas.push(await ServerProcess.start(MODEL));
  await sleep(1000);
  const counts = await clients.stop();
  report('a replica killed', counts);
  const { 200: good = 0, 'again 200': again = 0, ...broken } = counts;
  expect(good).toBeGreaterThan(50);
  expect(again).toBe(total(broken));
  // Each client may have to retry two requests: one that was in flight at the killed replica, and one that was sent to
  // it before it was removed.
  expect(again).toBeLessThanOrEqual(2 * 16);
});

test('overload is refused at once, and health and metrics answer', async () => {
  const server = await ServerProcess.start(slowModel(), { maxQueueLength: 8 });
  const n = await roundsFor(server, 0.05);
  let refusals = 0;
  const clients = new Clients({
    url: () => server.url,
    clients: 100,
    body: () => rounds(n),
    isRight: (reply) => reply.outputs[0].data[0] === n,
    // 10 times the capacity of 20 requests per second.
    pauseMs: 450,
    onAnswer: (status, headers, body) => {
      if (status === 429 && headers['retry-after'] === '1' && /^the queue is full/.test(body.error)) refusals++;
    },
  });
  const slowest = await slowestProbe(server, sleep(5000));
  const counts = await clients.stop();
  report('overload', { ...counts, slowestProbeMs: slowest });
  expect(Object.keys(counts).sort()).toEqual(['200', '429']);
  expect(counts['429']).toBe(refusals);
  expect(counts['200']).toBeGreaterThan(20);
  expect(counts['429']).toBeGreaterThan(counts['200'] as number);
  expect(slowest).toBeLessThan(LONG_MS);
});

test('health and metrics answer during a run of 3 s', async () => {
  const server = await ServerProcess.start(slowModel());
  const run = server.infer(rounds(await roundsFor(server, 3)));
  const slowest = await slowestProbe(server, run);
  report('a run of 3 s', { slowestProbeMs: slowest });
  expect(slowest).toBeLessThan(LONG_MS);
});

test('slow readers delay neither other clients nor the shutdown', async () => {
  const server = await ServerProcess.start(identity('float', ['n', 4]));
  const data = Array.from({ length: 40_000 }, (_, i) => i + 0.5);
  const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [10_000, 4], data }] });
  const head = `POST /v2/models/m/infer HTTP/1.1\r\nhost: m\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  const readers = await connections(server, 50, (socket) => {
    socket.pause();
    socket.write(head + body);
  });
  const clients = new Clients({ url: () => server.url, clients: 8, ...ROWS });
  await sleep(2000);
  const counts = await clients.stop();
  report('beside 50 slow readers', counts);
  expect(Object.keys(counts)).toEqual(['200']);
  expect(counts['200']).toBeGreaterThan(50);
  const exit = server.stop();
  // The slow readers now continue to read, and receive everything.
  const received = await Promise.all(readers.map(bytesOf));
  report('read late', { exit: await exit, least: Math.min(...received), most: Math.max(...received) });
  expect(await exit).toBe(0);
  expect(Math.min(...received)).toBe(Math.max(...received));
  expect(Math.min(...received)).toBeGreaterThan(100_000);
});

test('10,000 idle connections', async () => {
  const server = await ServerProcess.start(MODEL);
  const idle = await connections(server, 10_000);
  const start = performance.now();
  expect((await server.infer(ROWS.body(1))).body.outputs[0].data).toEqual([1, 2, 3, 4]);
  const answerMs = Math.round(performance.now() - start);
  const rss = Number(/process_resident_memory_bytes (\d+)/.exec(await server.metrics())?.[1]);
  const stopped = performance.now();
  expect(await server.stop()).toBe(0);
  report('10,000 idle connections', {
    open: idle.length,
    answerMs,
    residentMiB: Math.round(rss / 2 ** 20),
    stopMs: Math.round(performance.now() - stopped),
  });
  expect(idle.length).toBe(10_000);
});

test('SIGTERM under load, 50 times', async () => {
  const counts: Counts = {};
  const exits: Counts = {};
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 5 }, () => endUnderLoad(counts, exits)));
  }
  report('SIGTERM under load', { ...counts, exits });
  expect(exits).toEqual({ 0: 50 });
  const { 200: good = 0, 'gRPC OK': grpc = 0, ...lost } = counts;
  expect(lost).toEqual({});
  expect([good > 1000, grpc > 100]).toEqual([true, true]);
});

/**
 * Stops a server while HTTP and gRPC clients send requests. Adds the outcomes of the requests to `counts`, and the exit
 * code to `exits`.
 */
async function endUnderLoad(counts: Counts, exits: Counts): Promise<void> {
  const server = await ServerProcess.start(MODEL, { drainSeconds: 1, ...EXECUTORS_ALONE });
  const http = new Clients({ url: () => server.url, clients: 8, ...ROWS });
  let isOver = false;
  let grpcAnswers = 0;
  const message = {
    model_name: 'm',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4] }],
    raw_input_contents: [Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)],
  };
  const grpc = Promise.all(
    Array.from({ length: 2 }, async () => {
      const client = new GrpcClient(server.grpcTarget);
      while (!isOver) {
        const outcome = await client.call('ModelInfer', message).then(
          () => 'gRPC OK',
          ({ code, details }) => `gRPC ${code} ${details}`,
        );
        counts[outcome] = (counts[outcome] ?? 0) + 1;
        grpcAnswers++;
      }
    }),
  );
  // Waits until the server is under load.
  while ((http.counts['200'] ?? 0) < 20 || grpcAnswers < 3) await sleep(20);
  const exitCode = server.stop();
  // Clients continue for half of the server's drain time. By then, a load balancer would have noticed the shutdown.
  await sleep(500);
  isOver = true;
  for (const [outcome, count] of Object.entries(await http.stop())) counts[outcome] = (counts[outcome] ?? 0) + count;
  await grpc;
  const code = await exitCode;
  const exit = server.stderr === '' ? String(code) : server.stderr;
  exits[exit] = (exits[exit] ?? 0) + 1;
}

/** Number of bytes received before the connection ends. */
async function bytesOf(socket: Socket): Promise<number> {
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length)).resume();
  await once(socket, 'close');
  return bytes;
}

/** Opens connections to a server, one hundred at a time. */
async function connections(server: ServerProcess, count: number, use: (socket: Socket) => void = () => {}) {
  const { hostname, port } = new URL(server.url);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () => connect(Number(port), hostname));
    await Promise.all(
      some.map(async (socket) => {
        await once(socket, 'connect');
        socket.on('error', () => {});
        use(socket);
      }),
    );
    sockets.push(...some);
  }
  return sockets;
}
