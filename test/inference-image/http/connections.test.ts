import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { identity } from '../../support/onnx-builder';
import { floats } from '../../support/requests';
import { ServerProcess } from '../../support/server';

/** What the server says of the connection with each of a client's requests, which keeps its connection where it may. */
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

test('a connection ends with its first reply beyond its age, and its client goes on with another', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { maxConnectionAgeSeconds: 1 });
  const client = new Client(server);
  expect(await client.ask()).toEqual({ status: 200, connection: 'keep-alive', reused: false });
  expect(await client.ask()).toEqual({ status: 200, connection: 'keep-alive', reused: true });
  await sleep(1200);
  expect(await client.ask()).toEqual({ status: 200, connection: 'close', reused: true });
  expect(await client.ask()).toEqual({ status: 200, connection: 'keep-alive', reused: false });
});

test('connections that began together end one after the other', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { maxConnectionAgeSeconds: 1 });
  const clients = Array.from({ length: 40 }, () => new Client(server));
  await Promise.all(clients.map((client) => client.ask()));
  await sleep(1000);
  const said = new Set((await Promise.all(clients.map((client) => client.ask()))).map(({ connection }) => connection));
  expect(said).toEqual(new Set(['keep-alive', 'close']));
});
