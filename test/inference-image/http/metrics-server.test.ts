import type { AddressInfo } from 'node:net';
import type { Metrics } from '../../../inference-image/src/metrics/metrics';
import { buildMetricsServer } from '../../../inference-image/src/http/metrics-server';

test('retries at the next scrape after a failure', async () => {
  const answers = [
    Promise.reject(new Error('of this test')),
    Promise.resolve({ contentType: 'text/plain', text: 'a 1' }),
  ];
  const server = buildMetricsServer({ scrape: () => answers.shift() } as unknown as Metrics);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const failed = await fetch(url);
  expect([failed.status, await failed.text()]).toEqual([500, '{"error":"the metrics could not be read"}']);
  const read = await fetch(url);
  expect([read.status, await read.text()]).toEqual([200, 'a 1']);
  server.close();
  server.closeAllConnections();
});
