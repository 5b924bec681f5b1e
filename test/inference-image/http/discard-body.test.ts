import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServingError } from '../../../inference-image/src/errors';
import { errorReply, refuse } from '../../../inference-image/src/http/errors';
import { identity } from '../../support/onnx-builder';
import { head, RawConnection } from '../../support/raw-connection';
import { ServerProcess } from '../../support/server';

test('discards bodies of a limited number of clients; others are disconnected after the answer', async () => {
  const reply = () => errorReply(new ServingError('rejected', 'full'));
  const server = createServer((request, response) => refuse(request, response, reply()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: RawConnection[] = [];
  const send = async () => {
    const client = await RawConnection.open(url);
    clients.push(client);
    client.send(head('POST', '/', { 'content-length': 1_000_000 }), 'x');
    await client.receives(/^HTTP\/1\.1 429 [^]*\{"error":"full"\}$/);
    return client;
  };
  for (let i = 0; i < 140; i++) await send();
  await sleep(100);
  const open = clients.filter(({ socket }) => !socket.destroyed);
  expect(open).toHaveLength(128);
  // Those that go make room for others.
  for (const client of open.slice(0, 10)) client.close();
  await sleep(100);
  const late = await send();
  await sleep(100);
  expect(late.socket.destroyed).toBe(false);
  for (const client of clients) client.close();
  server.close();
});

test('a body that is discarded twice counts once', async () => {
  const server = await ServerProcess.start(identity('float', ['n']));
  // Nobody reads it, and then it is refused.
  const bodies = Array.from({ length: 100 }, async () => {
    const client = await RawConnection.open(server.url);
    client.send(head('PUT', '/v2/models/m/infer', { 'content-length': 1_000_000 }), 'x');
    await client.receives(/^HTTP\/1\.1 405 /);
    return client;
  });
  const clients = await Promise.all(bodies);
  await sleep(100);
  expect(clients.filter(({ socket }) => socket.destroyed)).toHaveLength(0);
  for (const client of clients) client.close();
});

test('clients that disconnect before a discarded body also make room for others', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { maxRequestBytes: 1000 });
  const declared = { 'content-length': 1_000_000 };
  for (let i = 0; i < 200; i++) {
    const client = (await RawConnection.open(server.url)).send(head('GET', '/v2/health/live', declared));
    await client.receives(/\{"live":true\}$/);
    client.close();
  }
  await sleep(100);
  const late = (await RawConnection.open(server.url)).send(head('POST', '/v2/models/m/infer', declared), 'x');
  await late.receives(/^HTTP\/1\.1 413 /);
  await sleep(100);
  expect(late.socket.destroyed).toBe(false);
  late.close();
});
