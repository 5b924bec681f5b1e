import { Agent, createServer, get, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { Connections, type ConnectionsOptions } from '../../../inference-image/src/http/connections';
import { identity } from '../../support/onnx-builder';
import { head, RawConnection } from '../../support/raw-connection';
import { floats } from '../../support/requests';
import { ServerProcess } from '../../support/server';

const OPTIONS: ConnectionsOptions = {
  maxConnectionAgeSeconds: 300,
  sendTimeoutSeconds: 60,
  maxConnections: 10,
  budget: new MemoryBudget(2 ** 20),
  metrics: { observeDrop: () => undefined, observeRefusal: () => undefined },
};

/** Client that keeps its connection open if the server allows it, and reports the Connection header of each reply. */
class Client {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly server: ServerProcess) {}

  ask(): Promise<{ status?: number; connection?: string; reused: boolean }> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.agent, method: 'POST', headers: { 'content-type': 'application/json' } };
      const sent = request(`${this.server.url}/v2/models/m/infer`, options, (response) => {
        const { statusCode: status, headers } = response;
        response.resume().on('end', () => {
          resolve({ status, connection: headers.connection, reused: sent.reusedSocket });
        });
      });
      sent.on('error', reject).end(JSON.stringify(floats(1)));
    });
  }
}

test('an old connection closes after its next reply, and its client opens another', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { maxConnectionAgeSeconds: 1 });
  const client = new Client(server);
  expect(await client.ask()).toEqual({ status: 200, connection: 'keep-alive', reused: false });
  expect(await client.ask()).toEqual({ status: 200, connection: 'keep-alive', reused: true });
  await sleep(1200);
  expect(await client.ask()).toEqual({ status: 200, connection: 'close', reused: true });
  expect(await client.ask()).toEqual({ status: 200, connection: 'keep-alive', reused: false });
});

test('discards requests that are still parsed after their connection has closed', async () => {
  const requests: IncomingMessage[] = [];
  const server = createServer((incoming) => {
    requests.push(incoming);
    incoming.socket.destroy();
  });
  new Connections(server, OPTIONS);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = await RawConnection.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const chunks = '1\r\nx\r\n'.repeat(500) + '0\r\n\r\n';
  client.send((head('POST', '/', { 'transfer-encoding': 'chunked' }) + chunks).repeat(10));
  await client.closed;
  // node:http may have parsed the second request before the first was handled.
  expect(requests.length).toBeLessThanOrEqual(2);
  for (const { readableLength } of requests.slice(1)) expect(readableLength).toBe(0);
  server.close();
});

test('a client that always pipelines holds memory only for its waiting requests', async () => {
  const budget = new MemoryBudget(2 ** 20);
  const drops: string[] = [];
  const metrics = { ...OPTIONS.metrics, observeDrop: (reason: string) => drops.push(reason) };
  const replies: (() => void)[] = [];
  const server = createServer((_, response) => replies.push(() => response.end()));
  new Connections(server, { ...OPTIONS, budget, metrics });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = await RawConnection.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const answered = async (count: number) => {
    while (client.received.split('200 OK').length <= count && drops.length === 0) await sleep(1);
  };
  const held: number[] = [];
  for (let count = 1; count <= 100 && drops.length === 0; count++) {
    client.send(head('GET', '/', { cookie: 'x'.repeat(count % 2 ? 10 : 10_000) }));
    while (replies.length < count && drops.length === 0) await sleep(1);
    held.push(budget.heldBytes);
    if (count > 1) replies[count - 2]!();
    await answered(count - 1);
  }
  client.close();
  server.close();
  expect(drops).toEqual([]);
  const [, long, short] = held as [number, number, number];
  expect(long).toBeGreaterThan(short + 20_000);
  expect(held).toEqual([0, ...Array.from({ length: 99 }, (_, i) => (i % 2 ? short : long))]);
});

describe('with a simulated clock', () => {
  const agents: Agent[] = [];
  const servers: Server[] = [];
  let now = 0;

  beforeEach(() => {
    now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });

  afterEach(() => {
    jest.restoreAllMocks();
    for (const agent of agents.splice(0)) agent.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function start() {
    const server = createServer((_, response) => response.end());
    servers.push(server);
    const connections = new Connections(server, OPTIONS);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    const port = (server.address() as AddressInfo).port;
    const ask = () =>
      new Promise((resolve, reject) => {
        get({ agent, port, host: '127.0.0.1' }, (response) => {
          response.resume().on('end', () => resolve(response.headers.connection));
        }).on('error', reject);
      });
    return { connections, ask };
  }

  test.each([
    [0, 270_000],
    [0.5, 300_000],
    [0.999, 329_940],
  ])(
    'connections that opened together expire at different times: at %d of the spread, after %d ms',
    async (random, age) => {
      jest.spyOn(Math, 'random').mockReturnValue(random);
      const { ask } = await start();
      expect(await ask()).toBe('keep-alive');
      now = age - 1;
      expect(await ask()).toBe('keep-alive');
      now = age + 1;
      expect(await ask()).toBe('close');
      expect(await ask()).toBe('keep-alive');
    },
  );

  test('a young connection also closes while the server drains', async () => {
    const { connections, ask } = await start();
    expect(await ask()).toBe('keep-alive');
    connections.drain();
    expect(await ask()).toBe('close');
  });
});
