import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendOnce, closedLoop, type LoadPlan, RefusedRequest } from '../../lib/measuring/closed-loop';

let server: Server;
afterEach(() => server.close());

async function planFor(listener: RequestListener, plan: Partial<LoadPlan> = {}): Promise<LoadPlan> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const request = { headers: { 'content-type': 'application/json' }, body: Buffer.from('{"a":1}') };
  const { port } = server.address() as AddressInfo;
  return { port, path: '/x', request, clients: 3, seconds: 0.01, minResponses: 0, ...plan };
}

test('each client sends its next request once it has the answer', async () => {
  const sockets = new Set<unknown>();
  const bodies = new Set<string>();
  const plan = await planFor(
    (request, response) => {
      sockets.add(request.socket);
      let body = `${request.method} ${request.url} ${request.headers['content-type']} `;
      request.on('data', (part) => (body += part)).on('end', () => bodies.add(body) && response.end('fine'));
    },
    { seconds: 0.3, minResponses: 50 },
  );
  const { latencies, seconds } = await closedLoop(plan);
  expect(latencies.length).toBeGreaterThanOrEqual(50);
  expect(Math.max(...latencies)).toBeLessThanOrEqual(seconds);
  expect(sockets.size).toBe(3);
  expect(bodies).toEqual(new Set(['POST /x application/json {"a":1}']));
});

test('a slow server ends the load before the minimum number of answers', async () => {
  const plan = await planFor((_, response) => void setTimeout(() => response.end(), 20), { minResponses: 1e6 });
  const { latencies } = await closedLoop(plan);
  expect(latencies.length).toBeLessThan(100);
});

test('a failed request ends the loop', async () => {
  const refused = await planFor((_, response) => response.writeHead(503).end('{"error":"no"}'));
  await expect(closedLoop(refused)).rejects.toEqual(new RefusedRequest('answered 503'));
  await expect(sendOnce(refused)).rejects.toEqual(new RefusedRequest('answered 503, {"error":"no"}'));
  server.close();
  const closed = await planFor((request) => request.socket.destroy());
  await expect(closedLoop(closed)).rejects.toEqual(new RefusedRequest('closed a connection'));
});
