import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordRead, ReadingTurns } from '../../../inference-image/src/http/reading-turns';
import { head, RawConnection } from '../../support/raw-connection';

const servers: Server[] = [];
const clients: RawConnection[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) server.close();
});

/** Starts a server that reads its connections in turns. */
async function start(listener: RequestListener): Promise<{ open: () => Promise<RawConnection>; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    recordRead(request.socket);
    listener(request, response);
  });
  const turns = new ReadingTurns();
  server.on('connection', (socket: Socket) => {
    sockets.push(socket);
    const share = turns.add(socket);
    socket.once('close', () => turns.delete(share));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open = async () => {
    const client = await RawConnection.open(url);
    clients.push(client);
    return client;
  };
  return { open, sockets };
}

function spend(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('a client with little work does not wait for all busy clients, whether new or already connected', async () => {
  let busy = 0;
  const handledAfter: number[] = [];
  const { open } = await start((request, response) => {
    if (request.url === '/busy') {
      busy++;
      spend(6);
    } else handledAfter.push(busy);
    response.end('done');
  });
  const there = await open();
  await there.send(head('GET', '/')).receives(/done$/);
  const many = await Promise.all(Array.from({ length: 40 }, open));
  for (const client of many) client.send(head('GET', '/busy').repeat(3));
  while (busy === 0) await sleep(1);
  const before = busy;
  const late = await open();
  late.send(head('GET', '/'));
  there.send(head('GET', '/'));
  await late.receives(/done$/);
  await there.receives(/done[^]*done$/);
  for (const count of handledAfter.slice(1)) expect(count - before).toBeLessThan(40);
  // All busy clients are answered as well.
  for (const client of many) await client.receives(/done[^]*done[^]*done$/);
  expect(busy).toBe(120);
});

test('a client with frequent small requests does not wait for many that have taken less time so far', async () => {
  let busy = 0;
  let handledAfter: number | undefined;
  const { open } = await start((request, response) => {
    if (request.url === '/busy') busy++;
    if (request.url === '/last') handledAfter = busy;
    spend(request.url === '/busy' ? 6 : 3);
    response.end('done');
  });
  const often = await open();
  await often.send(head('GET', '/').repeat(10)).receives(/(done[^]*){10}$/);
  await often.send(head('GET', '/')).receives(/(done[^]*){11}$/);
  const many = await Promise.all(Array.from({ length: 40 }, open));
  for (const client of many) client.send(head('GET', '/busy').repeat(3));
  while (busy === 0) await sleep(1);
  const before = busy;
  often.send(head('GET', '/last'));
  for (const client of many) await client.receives(/(done[^]*){3}$/);
  expect(busy).toBe(120);
  expect(handledAfter! - before).toBeLessThan(40);
});

test('accepts many simultaneous connections while others keep the server busy', async () => {
  let busy = 0;
  const { open, sockets } = await start((_, response) => {
    busy++;
    spend(6);
    response.end('done');
  });
  const first = await Promise.all(Array.from({ length: 40 }, open));
  for (const client of first) client.send(head('GET', '/').repeat(3));
  while (busy === 0) await sleep(1);
  void Promise.all(Array.from({ length: 50 }, open));
  while (sockets.length < 90) await sleep(1);
  // If only one connection were accepted in each turn, all requests would have been handled by now.
  expect(busy).toBeLessThan(60);
});

test('does not resume a socket that its reader has paused', async () => {
  let paused: Socket | undefined;
  const { open } = await start((request, response) => {
    if (request.method === 'POST') {
      paused = request.socket;
      request.pause();
      paused.pause();
      return;
    }
    spend(6);
    response.end('done');
  });
  const slow = await open();
  slow.send(head('POST', '/', { 'content-length': 10_000_000 }));
  while (!paused) await sleep(1);
  const read = paused.bytesRead;
  slow.send(Buffer.alloc(1_000_000));
  for (const client of await Promise.all(Array.from({ length: 5 }, open))) {
    await client.send(head('GET', '/').repeat(3)).receives(/done[^]*done[^]*done$/);
  }
  expect(paused.bytesRead - read).toBeLessThan(1_000_000);
});
