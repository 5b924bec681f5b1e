/** Attacks with many, slow or silent connections, and with connections that use a different protocol. */
import { randomBytes } from 'node:crypto';
import { again, inferPath, Tally, type Attack, type Target } from '../attack';
import { filled } from '../wire/bytes';
import { ask, head, hold, JSON_TYPE, RawConnection, until } from '../wire/http1';

/** First bytes that a TLS client sends. */
const CLIENT_HELLO = Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), randomBytes(193)]);

const MANY = 2500;

function idle(
  name: string,
  what: string,
  port: (target: Target) => number,
  first: string | Buffer,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    what,
    ...more,
    async run(target) {
      const tally = new Tally();
      await hold(target, tally, MANY, (connection) => connection.write(first), { port: port(target) });
      return tally;
    },
  };
}

export const connections: readonly Attack[] = [
  idle('idle-connections', '2,500 silent connections', ({ httpPort }) => httpPort, '', { short: true }),
  idle(
    'half-heads',
    '2,500 connections with incomplete headers',
    ({ httpPort }) => httpPort,
    'POST / HTTP/1.1\r\nHost: x\r\nX-Half: ',
  ),
  idle('idle-grpc-connections', '2,500 silent connections to the gRPC port', ({ grpcPort }) => grpcPort, ''),
  idle('http1-to-grpc', '2,500 HTTP/1 requests to the gRPC port', ({ grpcPort }) => grpcPort, head('GET', '/v2', {})),
  idle('tls-to-http', '2,500 TLS clients at the HTTP port', ({ httpPort }) => httpPort, CLIENT_HELLO),
  idle('tls-to-grpc', '2,500 TLS clients at the gRPC port', ({ grpcPort }) => grpcPort, CLIENT_HELLO),
  {
    name: 'slowloris',
    what: '1,000 connections whose headers arrive at a few bytes per second',
    short: true,
    async run(target) {
      const tally = new Tally();
      const end = performance.now() + target.seconds * 1000;
      await hold(target, tally, 1000, async (connection, index) => {
        await connection.write('GET /v2 HTTP/1.1\r\nHost: x\r\n');
        while (!connection.closed && performance.now() < end - 500) {
          await connection.write(`X-${index}: y\r\n`);
          await until(performance.now() + 500);
        }
      });
      return tally;
    },
  },
  {
    name: 'endless-heads',
    what: 'endless headers, by 16 clients',
    async run(target) {
      const tally = new Tally();
      const end = performance.now() + target.seconds * 1000;
      await hold(target, tally, 16, async (connection) => {
        await connection.write('GET /v2 HTTP/1.1\r\nHost: x\r\n');
        while (!connection.closed && performance.now() < end - 500)
          await connection.write(filled(16 * 1024, 'X-Y: zzzzzzzzzz\r\n'));
      });
      return tally;
    },
  },
  {
    name: 'many-headers',
    what: 'repeated requests with 2,000 headers',
    async run(target) {
      const tally = new Tally();
      const headers = Object.fromEntries(Array.from({ length: 1900 }, (_, i) => [`h${i}`, 'v']));
      await again(16, target.seconds, () => ask(target, tally, { method: 'GET', path: '/v2', headers }));
      return tally;
    },
  },
  {
    name: 'connect-and-reset',
    what: 'connections opened and dropped as fast as possible, some in the middle of a body',
    short: true,
    async run(target) {
      const tally = new Tally();
      const bytes =
        head('POST', inferPath(target), { ...JSON_TYPE, 'Content-Length': 100_000 }) + '{"inputs":['.padEnd(50_000);
      await again(64, target.seconds, async (turn) => {
        const connection = await RawConnection.open(target);
        if (turn % 2) await connection.write(bytes);
        tally.add(connection.closed ? 'closed' : 'given up', connection.sent);
        connection.close();
      });
      return tally;
    },
  },
  {
    name: 'random-bytes',
    what: 'random bytes to both ports',
    async run(target) {
      const tally = new Tally();
      await again(16, target.seconds, async (turn) => {
        const connection = await RawConnection.open(target, turn % 2 ? target.httpPort : target.grpcPort);
        await connection.write(randomBytes(5000));
        tally.add(connection.status, connection.sent);
        connection.close();
      });
      return tally;
    },
  },
  {
    name: 'metrics-flood',
    what: 'metrics requested repeatedly by 32 clients, with bodies, and 500 connections that do not read them',
    short: true,
    async run(target) {
      const tally = new Tally();
      const { metricsPort: port } = target;
      if (port === undefined) return tally;
      const asking = again(32, target.seconds, (turn) =>
        ask(target, tally, {
          method: turn % 2 ? 'GET' : 'POST',
          path: '/metrics',
          port,
          body: turn % 2 ? undefined : Buffer.alloc(200_000),
        }),
      );
      const requests = filled(32 * 1024, head('GET', '/metrics', {}));
      await Promise.all([
        asking,
        hold(target, tally, 500, (connection) => connection.write(requests, 1000), { port, reads: false }),
      ]);
      return tally;
    },
  },
  {
    name: 'small-requests',
    what: 'small invalid requests by 64 clients as fast as possible',
    statuses: /^(HTTP (400|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      await again(64, target.seconds, () =>
        ask(target, tally, { path: inferPath(target), headers: JSON_TYPE, body: Buffer.from('{"inputs":[]}') }),
      );
      return tally;
    },
  },
  {
    name: 'expect-continue',
    what: '500 clients that expect 100 Continue but send no body',
    async run(target) {
      const tally = new Tally();
      const bytes = head('POST', inferPath(target), {
        ...JSON_TYPE,
        'Content-Length': 500_000,
        Expect: '100-continue',
      });
      await hold(target, tally, 500, (connection) => connection.write(bytes));
      return tally;
    },
  },
];
