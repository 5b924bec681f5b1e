import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { Connections } from '../../../inference-image/src/http/connections';
import { UnreadAnswers } from '../../../inference-image/src/http/unread-answers';
import { head, RawConnection } from '../../support/raw-connection';

const MIB = 2 ** 20;
const ANSWER = Buffer.alloc(MIB / 4);

test('answers that nobody reads do not pile up in the operating system, and cost their clients the connection', async () => {
  // Only Linux tells how much there is.
  if (process.platform !== 'linux') return;
  const dropped: string[] = [];
  const unread = new UnreadAnswers({ observeDrop: (reason) => dropped.push(reason) });
  let refused = 0;
  const server = createServer((_, response) => {
    try {
      unread.assertRoom();
      unread.sent(ANSWER.length);
      response.end(ANSWER);
    } catch {
      refused++;
      response.writeHead(429).end();
    }
  });
  new Connections(server, {
    maxConnectionAgeSeconds: 300,
    sendTimeoutSeconds: 60,
    maxConnections: 100,
    budget: new MemoryBudget(100 * MIB),
    unread,
    metrics: { observeDrop: (reason) => dropped.push(reason), observeRefusal: () => undefined },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(url, { reads: false })));
  const reader = await RawConnection.open(url);
  let most = 0;
  while (dropped.length < 5) {
    for (const client of [...clients, reader]) client.send(head('GET', '/'));
    await sleep(50);
    most = Math.max(
      most,
      [...(unread as any).measure().values()].reduce((total: number, bytes: number) => total + bytes, 0),
    );
  }
  // Each of the 20 would take 2.5 MiB or more.
  expect(most).toBeLessThan(32 * MIB);
  expect(most).toBeGreaterThan(8 * MIB);
  expect(refused).toBeGreaterThan(0);
  expect(new Set(dropped)).toEqual(new Set(['unread']));
  expect(reader.socket.destroyed).toBe(false);
  for (const client of [...clients, reader]) client.close();
  server.close();
});

test('a look that took long is not repeated at once', () => {
  const unread = new UnreadAnswers({ observeDrop: () => undefined });
  let now = 0;
  // Each look takes half a second.
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => (now += 500));
  const measure = jest.spyOn(unread as any, 'measure');
  const isFull = () => {
    for (let answers = 0; answers < 5; answers++) unread.sent(4 * MIB);
    try {
      unread.assertRoom();
      return false;
    } catch {
      return true;
    }
  };
  expect([isFull(), isFull(), isFull()]).toEqual([false, true, true]);
  now += 5000;
  expect(isFull()).toBe(false);
  expect(measure).toHaveBeenCalledTimes(2);
  clock.mockRestore();
});
