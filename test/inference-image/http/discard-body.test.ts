import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServingError } from '../../../inference-image/src/base/errors';
import { isReadWanted } from '../../../inference-image/src/sockets/socket-reading';
import { errorReply, refuse } from '../../../inference-image/src/http/errors';
import { identity } from '../../support/onnx-builder';
import { head, RawConnection } from '../../support/raw-connection';
import { ServerProcess } from '../../support/server';

test('discards bodies of a limited number of clients; others are disconnected after the answer', async () => {
  const reply = () => errorReply(new ServingError('rejected', 'full'));
  const isRead: boolean[] = [];
  const server = createServer((request, response) => {
    refuse(request, response, reply());
    isRead.push(isReadWanted(request.socket));
  });
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
  // The server reads nothing more from the other 12, even before they receive their answers.
  expect(isRead).toEqual([...Array<boolean>(128).fill(true), ...Array<boolean>(12).fill(false)]);
  // Clients that disconnect make room for others.
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
  // Two parts of the server discard each body: the hook for unread bodies, and the refusal.
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

test.each([
  ['429', 'rejected'],
  ['400', 'invalid'],
] as const)('only a few tiny chunks of a body that is discarded after a %s are read', async (status, kind) => {
  let chunks = 0;
  const server = createServer((request, response) => {
    refuse(request, response, errorReply(new ServingError(kind, 'no')));
    request.on('data', () => chunks++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = await RawConnection.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.send(head('POST', '/', { 'transfer-encoding': 'chunked' }));
  await client.receives(new RegExp(`^HTTP/1.1 ${status} `));
  for (let i = 0; i < 300 && !client.socket.destroyed; i++) {
    client.send('1\r\nx\r\n');
    await sleep(1);
  }
  await client.closed;
  expect(chunks).toBeLessThan(100);
  server.close();
});
