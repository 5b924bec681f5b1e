import { setTimeout as sleep } from 'node:timers/promises';
import { identity } from '../../support/onnx-builder';
import { head, RawConnection } from '../../support/raw-connection';
import { ServerProcess } from '../../support/server';

const MODEL = identity('float', ['n']);
const ASK = head('GET', '/v2/health/live');

describe('S6 an idle connection', () => {
  test.each([5, 75, 700])(
    'is kept for the configured time, which a header announces to clients: %d s',
    async (seconds) => {
      const server = await ServerProcess.start(MODEL, seconds === 75 ? {} : { idleTimeoutSeconds: seconds });
      const client = (await RawConnection.open(server.url)).send(ASK);
      expect((await client.receives(/keep-alive: (\S+)\r\n/i))[1]).toBe(`timeout=${seconds}`);
      client.close();
    },
  );

  test('is closed after that time', async () => {
    const server = await ServerProcess.start(MODEL, { idleTimeoutSeconds: 1 });
    const client = (await RawConnection.open(server.url)).send(ASK);
    await client.receives(/\{"live":true\}/);
    await client.closed;
  });

  test('is not closed by the request timeout', async () => {
    const server = await ServerProcess.start(MODEL, { idleTimeoutSeconds: 700, receiveTimeoutSeconds: 1 });
    const client = (await RawConnection.open(server.url)).send(ASK);
    await client.receives(/\{"live":true\}/);
    await sleep(2500);
    client.send(ASK);
    await client.receives(/\{"live":true\}[^]*\{"live":true\}/);
    client.close();
  });
});
