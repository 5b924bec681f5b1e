import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { GrpcPort } from '../../../inference-image/src/grpc/grpc-port';
import type { Transport } from '../../../inference-image/src/grpc/transport/transport';
import type { Log } from '../../../inference-image/src/base/log';

const logged: unknown[][] = [];
const log = { error: (...line: unknown[]) => logged.push(line) } as unknown as Log;
const metrics = { observeDrop: jest.fn(), observeRefusal: jest.fn() };
const ports: GrpcPort[] = [];

/** Opens a port; returns it with a function that connects to it. */
async function open(load: () => Promise<Transport>, maxConnections = 100) {
  const port = new GrpcPort({ load, maxConnections, metrics, log });
  ports.push(port);
  await once(port.listener.listen(0, '127.0.0.1'), 'listening');
  const address = port.listener.address() as AddressInfo;
  return { port, dial: () => connect(address.port, '127.0.0.1').on('error', () => undefined) };
}

afterEach(async () => {
  for (const port of ports.splice(0)) await port.close(() => false);
});

test('loads gRPC once, on the first connection, and passes every connection to it', async () => {
  const accepted: Socket[] = [];
  const load = jest.fn(async () => {
    const server = {
      accept: (socket: Socket) => void accepted.push(socket),
      close: () => accepted.forEach((s) => s.end()),
    };
    return server as unknown as Transport;
  });
  const { port, dial } = await open(load);
  port.drain();
  expect(load).not.toHaveBeenCalled();
  const sockets = [dial(), dial(), dial()];
  while (accepted.length < 3) await new Promise(setImmediate);
  expect(load).toHaveBeenCalledTimes(1);
  for (const socket of sockets) socket.destroy();
});

test('closes connections and logs the reason if gRPC cannot be loaded', async () => {
  const { dial } = await open(() => Promise.reject(new Error('no such file')));
  await once(dial().resume(), 'close');
  expect(logged).toEqual([[{ err: new Error('no such file') }, 'gRPC cannot be loaded']]);
});

test('a port without connections closes at once and loads nothing', async () => {
  const load = jest.fn();
  const { port } = await open(load);
  await port.close(() => false);
  expect(load).not.toHaveBeenCalled();
});

test('at the connection limit, closes a connection without calls, or else the new one', async () => {
  const accepted: Socket[] = [];
  let idle = 1;
  const transport = {
    accept: (socket: Socket) => void accepted.push(socket),
    endIdle: () => {
      if (idle-- === 0) return false;
      accepted[0]!.destroy();
      return true;
    },
    close: () => accepted.forEach((socket) => socket.destroy()),
  };
  const { dial } = await open(async () => transport as unknown as Transport, 2);
  const first = dial().resume();
  dial();
  while (accepted.length < 2) await new Promise(setImmediate);
  dial();
  await once(first, 'close');
  while (accepted.length < 3) await new Promise(setImmediate);
  await once(dial().resume(), 'close');
  expect(accepted).toHaveLength(3);
  expect([metrics.observeDrop.mock.calls, metrics.observeRefusal.mock.calls]).toEqual([[['idle']], [['connections']]]);
});
