import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { UnreadAnswers } from '../../../inference-image/src/budget/unread-answers';
import { InferEndpoint } from '../../../inference-image/src/http/infer-endpoint';
import type { AppOptions } from '../../../inference-image/src/http/app-options';
import type { Caller } from '../../../inference-image/src/inference/job';

test('the time that a picture waits to be decoded counts toward its queue timeout', async () => {
  const callers: Caller[] = [];
  const budget = new MemoryBudget(2 ** 20);
  const ignore = () => undefined;
  const options = {
    maxRequestBytes: 100,
    budget,
    unread: new UnreadAnswers({ totalBytes: 32 * 1024 * 1024 }, { observeDrop: () => undefined }),
    pictures: { decode: async () => ({ inputs: [], outputs: [], binary: [], waitedSeconds: 20 }) },
    codec: { assertEncodable: ignore, encode: () => ({ body: '{}' }) },
    dataPlane: {
      assertServing: ignore,
      infer: (_: unknown, caller: Caller) => {
        callers.push(caller);
        return [];
      },
    },
    metrics: { observeDecode: ignore, observeEncode: ignore, observeRequest: ignore },
  } as unknown as AppOptions;
  const endpoint = new InferEndpoint(options);
  const server = createServer((request, response) => endpoint.handle(request, response)).listen(0);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'x' });
  const waited = performance.now() - callers[0]!.waitsSince!;
  server.close();
  expect(status).toBe(200);
  expect(waited).toBeGreaterThanOrEqual(20_000);
  expect(waited).toBeLessThan(25_000);
  expect(budget.heldBytes).toBe(0);
});
