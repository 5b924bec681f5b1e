import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { Connections } from '../../../inference-image/src/http/connections';
import { UnreadAnswers } from '../../../inference-image/src/budget/unread-answers';
import { head, RawConnection } from '../../support/raw-connection';

const MIB = 2 ** 20;
const ANSWER = Buffer.alloc(MIB / 4);

let servers: Server[] = [];

// Runs even if a test fails, because Jest would otherwise wait for the servers.
afterEach(() => {
  for (const server of servers) server.close().closeAllConnections();
  servers = [];
});

/** Starts a server that always sends the same answer, or refuses the request if there is no room for the answer. */
async function setUp({ maxConnections = 400 } = {}) {
  const dropped: string[] = [];
  const unread = new UnreadAnswers({ totalBytes: 32 * 1024 * 1024 }, { observeDrop: (reason) => dropped.push(reason) });
  const refused = { count: 0 };
  const server = createServer(({ url, socket }, response) => {
    // Simulates node:http, which pauses the socket if a client leaves too much unread.
    if (url === '/pause') return void socket.pause();
    const answer = url === '/small' ? ANSWER.subarray(0, 1024) : ANSWER;
    try {
      unread.assertRoom(socket);
      unread.assertFits(answer.length);
      unread.sent(socket, answer.length);
      response.end(answer);
    } catch {
      refused.count++;
      response.writeHead(429).end();
    }
  });
  new Connections(server, {
    maxConnectionAgeSeconds: 300,
    sendTimeoutSeconds: 60,
    maxConnections,
    budget: new MemoryBudget(100 * MIB),
    unread,
    metrics: { observeDrop: (reason) => dropped.push(reason), observeRefusal: () => undefined },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { unread, dropped, refused, url };
}

/** Bytes that are unread now. */
function unreadBytes(unread: UnreadAnswers): number {
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/self/net/${name}`, 'latin1'));
  const queues: ReadonlyMap<string, { unread: number }> = (unread as any).measure(tables, performance.now());
  return [...queues.values()].reduce((total, { unread }) => total + unread, 0);
}

// Only Linux reports the buffered bytes.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('limits unread answers in the operating system by disconnecting their clients', async () => {
  const { unread, dropped, refused, url } = await setUp();
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(url, { reads: false })));
  const reader = await RawConnection.open(url);
  let most = 0;
  while (dropped.length < 5) {
    for (const client of [...clients, reader]) client.send(head('GET', '/'));
    await sleep(50);
    most = Math.max(most, unreadBytes(unread));
  }
  // Without the limit, each of the 20 clients would leave 2.5 MiB or more unread.
  expect(most).toBeLessThan(32 * MIB);
  expect(most).toBeGreaterThan(8 * MIB);
  expect(refused.count).toBeGreaterThan(0);
  expect(new Set(dropped)).toEqual(new Set(['unread']));
  expect(reader.socket.destroyed).toBe(false);
  for (const client of [...clients, reader]) client.close();
});

onLinux('disconnects clients that read slowly, and still sends nearly all small answers to others', async () => {
  const { dropped, url } = await setUp();
  const slow = new Set<RawConnection>();
  let isOver = false;
  const readSlowly = async () => {
    while (!isOver) {
      const client = await RawConnection.open(url, { reads: false });
      slow.add(client);
      client.send(head('GET', '/').repeat(8));
      while (!isOver && !client.socket.destroyed) {
        await sleep(200);
        client.socket.read(8 * 1024);
      }
      slow.delete(client);
      client.close();
    }
  };
  const attack = Promise.all(Array.from({ length: 60 }, readSlowly));
  await sleep(1500);
  const answers: number[] = [];
  const end = performance.now() + 3000;
  while (performance.now() < end) {
    const answer = await fetch(`${url}/small`).catch(() => undefined);
    answers.push(answer?.status ?? 0);
    await answer?.arrayBuffer();
    await sleep(10);
  }
  isOver = true;
  await attack;
  expect(new Set(dropped)).toEqual(new Set(['unread']));
  // If scans are slow, a client may be refused once it has received 16 KiB of answers since the last scan.
  expect(new Set([200, 429, ...answers])).toEqual(new Set([200, 429]));
  expect(answers.filter((status) => status === 200).length).toBeGreaterThan(0.9 * answers.length);
});

onLinux('keeps clients that read large answers with pauses, even if the limit is reached', async () => {
  const { dropped, refused, url } = await setUp();
  const clients = await Promise.all(Array.from({ length: 24 }, () => RawConnection.open(url, { reads: false })));
  const end = performance.now() + 5000;
  while (performance.now() < end) {
    for (const client of clients) client.send(head('GET', '/').repeat(4)).socket.resume();
    await sleep(20);
    for (const client of clients) client.socket.pause();
    await sleep(280);
  }
  expect(refused.count).toBeGreaterThan(0);
  expect(dropped).toEqual([]);
  for (const client of clients) client.close();
});

test('a slow scan is not repeated immediately', () => {
  const unread = new UnreadAnswers({ totalBytes: 32 * 1024 * 1024 }, { observeDrop: () => undefined });
  let [now, step] = [0, 0];
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => (now += step));
  const measure = jest.spyOn(unread as any, 'measure');
  const socket = {} as Socket;
  const isFull = () => {
    for (let answers = 0; answers < 5; answers++) unread.sent(socket, 4 * MIB);
    // Each scan takes half a second.
    step = 500;
    try {
      unread.assertRoom(socket);
      return false;
    } catch {
      return true;
    } finally {
      step = 0;
    }
  };
  expect([isFull(), isFull(), isFull()]).toEqual([false, true, true]);
  now += 5000;
  expect(isFull()).toBe(false);
  expect(measure).toHaveBeenCalledTimes(2);
  clock.mockRestore();
});

test('a client that reads promptly is not refused for the answers that it has read since the last scan', () => {
  const unread = new UnreadAnswers({ totalBytes: 32 * MIB }, { observeDrop: () => undefined });
  const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
  const open = () => {
    const socket = Object.assign(new EventEmitter(), { bytesWritten: 0, isPaused: () => false }) as unknown as Socket;
    unread.watch(socket);
    return socket;
  };
  const [first, ...others] = Array.from({ length: 4 }, open) as [Socket, ...Socket[]];
  // After this scan, no other scan may begin until the clock advances.
  (unread as any).scan();
  for (let answers = 0; answers < 100; answers++) for (const socket of [first, ...others]) unread.sent(socket, 3 * MIB);
  // The operating system holds at most 4 MiB for each connection.
  expect(() => unread.assertRoom(first)).not.toThrow();
  unread.sent(open(), 1);
  expect(() => unread.assertRoom(first)).toThrow('clients have not read 16777217 bytes of answers');
  clock.mockRestore();
});

test('the time that a scan waits for other work does not delay the next scan', async () => {
  const unread = new UnreadAnswers({ totalBytes: 32 * MIB }, { observeDrop: () => undefined });
  let now = 1000;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  const measure = jest.spyOn(unread as any, 'measure');
  const scanning = (unread as any).scanLater();
  now += 5000;
  await scanning;
  for (let answers = 0; answers < 5; answers++) unread.sent({} as Socket, 4 * MIB);
  now += 21;
  expect(() => unread.assertRoom({} as Socket)).not.toThrow();
  expect(measure).toHaveBeenCalledTimes(2);
  clock.mockRestore();
});

test('a scan that another one has overtaken changes nothing', async () => {
  const unread = new UnreadAnswers({ totalBytes: 32 * MIB }, { observeDrop: () => undefined });
  const clock = jest.spyOn(performance, 'now').mockReturnValue(1000);
  const scanning = (unread as any).scanLater();
  (unread as any).scan();
  for (let answers = 0; answers < 5; answers++) unread.sent({} as Socket, 4 * MIB);
  await scanning;
  expect(() => unread.assertRoom({} as Socket)).toThrow('clients have not read 20971520 bytes of answers');
  clock.mockRestore();
});

onLinux('limits the bytes that clients send on connections that are not read', async () => {
  const { unread, dropped, url } = await setUp({ maxConnections: 900 });
  const body = Buffer.alloc(MIB);
  const post = ({ socket }: RawConnection) =>
    new Promise<unknown>((resolve) => {
      socket.write(head('POST', '/small', { 'content-length': String(body.length) }));
      socket.write(body, resolve);
    });
  // The operating system buffers 64 KiB or more for each connection, and several MiB for one that was fast before.
  const clients = await Promise.all(Array.from({ length: 800 }, () => RawConnection.open(url)));
  for (const client of clients) client.send(head('GET', '/pause'));
  await sleep(300);
  for (const client of clients) void post(client);
  const reader = await RawConnection.open(url);
  // These are the bytes that the last scan found. That scan is at most a second old.
  const untaken = () => (unread as any).unreceivedBytes as number;
  let most = 0;
  while (dropped.length === 0 || untaken() > 16 * MIB) {
    await sleep(100);
    most = Math.max(most, untaken());
    reader.send(head('GET', '/small'));
  }
  expect(most).toBeGreaterThan(8 * MIB);
  expect(new Set(dropped)).toEqual(new Set(['unread']));
  expect(reader.socket.destroyed).toBe(false);
  for (const client of [...clients, reader]) client.close();
});
