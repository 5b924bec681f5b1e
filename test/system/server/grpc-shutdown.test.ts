import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { floatsOf, GrpcClient, rawFloats, rawRounds, type Failure } from '../../support/grpc-client';
import { identity } from '../../support/onnx-builder';
import { roundsFor } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

const CHECK = 'grpc.health.v1.Health.Check';

/**
 * Sends requests from each client, one after another, as long as `goOn` returns true. Returns the values and failures
 * that the clients received.
 */
function load(target: string, clientCount: number, goOn: () => boolean) {
  const answers: string[] = [];
  const run = async () => {
    const client = new GrpcClient(target);
    while (goOn()) {
      const answer = client.call('ModelInfer', rawFloats(7)).then(
        (reply) => String(floatsOf(reply)),
        ({ code, details }: Failure) => `${code}: ${details}`,
      );
      answers.push(await answer);
    }
    client.close();
  };
  return { answers, ended: Promise.all(Array.from({ length: clientCount }, run)) };
}

test('S3 answers every call under constant load through SIGTERM', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { drainSeconds: 2 });
  let ready = true;
  const { answers, ended } = load(server.grpcTarget, 8, () => ready);
  while (answers.length < 100) await sleep(10);
  const end = server.stop();
  const probe = new GrpcClient(server.grpcTarget);
  while ((await probe.call(CHECK)).status === 1) await sleep(10);
  const before = answers.length;
  while (answers.length < before + 8 && new Set(answers).size === 1) await sleep(10);
  ready = false;
  await ended;
  expect(new Set(answers)).toEqual(new Set(['7']));
  expect(await end).toBe(0);
});

test('replaces old connections without losing a call', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { maxConnectionAgeSeconds: 0.2 });
  const until = performance.now() + 1500;
  const { answers, ended } = load(server.grpcTarget, 4, () => performance.now() < until);
  await ended;
  expect(new Set(answers)).toEqual(new Set(['7']));
});

test('answers running and waiting calls without a drain', async () => {
  const server = await ServerProcess.start(slowModel());
  const n = await roundsFor(server, 0.5);
  const client = new GrpcClient(server.grpcTarget);
  // Opens the connection, so that the next calls are sent immediately.
  await client.call('ModelInfer', rawRounds(1));
  const replies = [client.call('ModelInfer', rawRounds(n)), client.call('ModelInfer', rawRounds(n))];
  await Promise.race([server.seriesReaches('inference_in_flight', 2), Promise.all(replies)]);
  expect(await server.stop('SIGINT')).toBe(0);
  expect((await Promise.all(replies)).map(floatsOf)).toEqual([[n], [n]]);
});

test('S4 idle connections, silent connections and open streams do not delay the exit', async () => {
  const server = await ServerProcess.start(identity('float', ['n']));
  const client = new GrpcClient(server.grpcTarget);
  await client.call('ServerLive');
  const streams = [
    client.stream('ModelStreamInfer'),
    client.stream('grpc.reflection.v1.ServerReflection.ServerReflectionInfo'),
  ];
  const ends = streams.map((stream) => new Promise<Failure>((resolve) => stream.on('error', resolve)));
  streams[0]!.write(rawFloats(1));
  await new Promise((resolve) => streams[0]!.once('data', resolve));
  streams[1]!.write({ list_services: '' });
  await new Promise((resolve) => streams[1]!.once('data', resolve));
  const silent = connect(Number(server.grpcTarget.split(':')[1]), '127.0.0.1').on('error', () => undefined);
  await new Promise((resolve) => silent.once('connect', resolve));
  const start = performance.now();
  expect(await server.stop()).toBe(0);
  expect(performance.now() - start).toBeLessThan(4000);
  for (const { details } of await Promise.all(ends)) expect(details).toBe('the server is shutting down');
  silent.destroy();
});

test('tolerates data that is not gRPC', async () => {
  const server = await ServerProcess.start(identity('float', ['n']));
  const port = Number(server.grpcTarget.split(':')[1]);
  const garbage = [
    'GET / HTTP/1.1\r\nHost: m\r\n\r\n',
    Buffer.alloc(1000, 0xff),
    Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(1000, 0xff)]),
    '',
  ];
  for (const bytes of garbage) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.write(bytes);
    if (bytes.length === 0) socket.destroy();
    await new Promise((resolve) => socket.resume().once('close', resolve));
  }
  const response = await fetch(`http://${server.grpcTarget}/`).catch(() => undefined);
  expect(response).toBeUndefined();
  const client = new GrpcClient(server.grpcTarget);
  expect(floatsOf(await client.call('ModelInfer', rawFloats(1)))).toEqual([1]);
  expect(server.stderr).toBe('');
  expect(await server.stop()).toBe(0);
});

test('a client that only pings during its call delays shutdown at most by the queue timeout', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { queueTimeoutSeconds: 1 });
  const session = connectHttp2(`http://${server.grpcTarget}`).on('error', () => undefined);
  const headers = { ':method': 'POST', ':path': '/inference.GRPCInferenceService/ModelInfer' };
  const call = session.request({ ...headers, 'content-type': 'application/grpc', te: 'trailers' });
  call.on('error', () => undefined).write(Buffer.from([0, 0, 0]));
  const timer = setInterval(() => !session.destroyed && session.ping(() => undefined), 100);
  await sleep(300);
  const began = performance.now();
  expect(await server.stop('SIGINT')).toBe(0);
  expect(performance.now() - began).toBeLessThan(8000);
  clearInterval(timer);
});
