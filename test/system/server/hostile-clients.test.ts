import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { REQUEST_BYTES } from '../../../inference-image/src/budget/memory-budget';
import { identity } from '../../support/onnx-builder';
import { head, RawConnection } from '../../support/raw-connection';
import { floats, rounds } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

const MIB = 2 ** 20;
const INFER = '/v2/models/m/infer';
const JSON_TYPE = { 'content-type': 'application/json' };
const settings = {
  maxRequestBytes: 2 * MIB,
  requestBudgetBytes: 16 * MIB,
  receiveTimeoutSeconds: 4,
  sendTimeoutSeconds: 4,
  maxConnections: 40,
};

let server: ServerProcess;
const clients: RawConnection[] = [];

beforeAll(async () => {
  server = await ServerProcess.start(identity('float', ['n']), settings);
});

/**
 * Whatever a client did in a test, the server must hold no memory once the client has disconnected, and must serve the
 * next one.
 */
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server.seriesReaches('inference_request_memory_bytes', 0);
  expect((await server.infer(floats(1))).status).toBe(200);
});

async function connect(options?: { reads: boolean }): Promise<RawConnection> {
  const client = await RawConnection.open(server.url, options);
  clients.push(client);
  return client;
}

function counted(name: string, reason: string): Promise<number> {
  return server.series(`${name}{.*reason="${reason}"}`);
}

const dropped = (reason: string) => counted('inference_dropped_total', reason);

test('every reason has a series that starts at zero', async () => {
  const metrics = await server.metrics();
  const reasons = [...metrics.matchAll(/^inference_(refused|dropped)_total{.*reason="(\w+)"} 0$/gm)];
  expect(reasons.map(([, what, reason]) => `${what} ${reason}`)).toEqual([
    'refused budget',
    'refused queue',
    'refused too_large',
    'refused connections',
    'refused origin',
    'dropped unfinished',
    'dropped unread',
    'dropped pipelined',
    'dropped idle',
  ]);
  expect(await server.series('inference_request_memory_limit_bytes')).toBe(16 * MIB);
});

describe('bodies that are never complete', () => {
  test('may hold up to half of the budget, and are refused at once beyond that', async () => {
    const begun = head('POST', INFER, { ...JSON_TYPE, 'content-length': 2 * MIB });
    const all = await Promise.all(Array.from({ length: 8 }, () => connect()));
    for (const client of all) client.send(begun, Buffer.alloc(2 * MIB - 1, 0x20));
    while (!all.some(({ received }) => received)) await sleep(5);
    const refused = all.find(({ received }) => received) as RawConnection;
    await refused.receives(
      /^HTTP\/1\.1 429 Too Many Requests\r\n[^]*retry-after: 1\r\n[^]*\{"error":"requests that wait for their clients hold \d+ bytes, and their limit is 8388608 bytes; try again later"\}/,
    );
    expect(await server.series('inference_request_memory_bytes')).toBeLessThanOrEqual(8 * MIB);
    expect(await counted('inference_refused_total', 'budget')).toBeGreaterThan(0);
    // Other clients are served in the meantime.
    expect((await server.infer(floats(1))).status).toBe(200);
  });

  test('get a 408 after receiveTimeoutSeconds if they trickle, and so do headers', async () => {
    const before = await dropped('unfinished');
    const trickling = [
      [head('POST', INFER, { ...JSON_TYPE, 'content-length': 1000 }), 'x'],
      [head('POST', INFER, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }), '1\r\nx\r\n'],
      [head('POST', '/v2/repository/index', { ...JSON_TYPE, 'content-length': 1000 }), 'x'],
      [`POST ${INFER} HTTP/1.1\r\nx: `, 'x'],
    ] as const;
    const all = await Promise.all(trickling.map(async ([begun]) => (await connect()).send(begun)));
    const timer = setInterval(() => trickling.forEach(([, bytes], i) => all[i]?.send(bytes)), 200);
    await Promise.all(all.map(({ closed }) => closed));
    clearInterval(timer);
    for (const { received } of all) {
      expect(received).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*after 4 s \(receiveTimeoutSeconds\)/);
    }
    expect(await dropped('unfinished')).toBe(before + all.length);
  });

  test('are refused if they have many chunks of one byte', async () => {
    const client = await connect();
    client.send(head('POST', INFER, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }), '1\r\nx\r\n'.repeat(100_000));
    await client.closed;
    expect(client.received).toMatch(
      /^HTTP\/1\.1 400 [^]*the 101 chunks of the body so far have fewer than 64 bytes on average; send larger chunks/,
    );
  });

  test.each([INFER, '/v2/repository/index'])('after many chunks of one byte to %s, no more is read', async (path) => {
    const client = await connect();
    client.send(head('POST', path, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }), '1\r\nx\r\n'.repeat(101));
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1\.1 400 [^]*connection: close[^]*the 101 chunks/i);
  });
});

describe('long headers', () => {
  // Long names that differ from request to request take the most memory: 2.5 bytes per byte of headers.
  const long = Object.fromEntries(Array.from({ length: 90 }, (_, i) => [`x-${i}-${'n'.repeat(150)}`, 'v']));
  const OF_ALL = 90 * 155;

  test.each(['/v2/repository/index', INFER])(
    'are counted with the memory that they take while the body of %s is awaited',
    async (path) => {
      const client = await connect();
      client.send(head('POST', path, { ...long, 'content-length': 100 }), '{');
      let held = 0;
      while (held === 0) held = await server.series('inference_request_memory_bytes');
      expect(held).toBeGreaterThan(REQUEST_BYTES + 2.5 * OF_ALL);
    },
  );

  test.each(['/v2/repository/index', INFER])('are counted even if no byte of the body of %s arrives', async (path) => {
    const heads = Array.from({ length: 12 }, () => head('POST', path, { ...long, 'content-length': 100 }));
    for (const begun of heads) (await connect()).send(begun);
    const least = heads.length * (REQUEST_BYTES + 2.5 * OF_ALL);
    while ((await server.series('inference_request_memory_bytes')) < least) await sleep(5);
  });

  test('are accepted up to 16 KiB, as sent by browsers with many cookies', async () => {
    const cookie = Array.from({ length: 30 }, (_, i) => `name${i}=${'v'.repeat(480)}`).join('; ');
    const answer = await fetch(new URL('/v2/health/ready', server.url), { headers: { cookie } });
    expect(answer.status).toBe(200);
  });
});

describe('bodies that are too large', () => {
  const text = 'the body is larger than maxRequestBytes (2097152 bytes); send less at a time, or raise that setting';

  test.each([
    ['with a length', { 'content-length': 20 * MIB }, [Buffer.alloc(20 * MIB, 0x20)]],
    [
      'in chunks',
      { 'transfer-encoding': 'chunked' },
      [...Array.from({ length: 20 }, () => `100000\r\n${' '.repeat(MIB)}\r\n`), '0\r\n\r\n'],
    ],
  ] as const)('%s: a client that sends everything first can read the error', async (_, headers, parts) => {
    const client = await connect({ reads: false });
    client.send(head('POST', INFER, { ...JSON_TYPE, ...headers }), ...parts);
    await new Promise((resolve) => client.socket.write('', resolve));
    client.socket.on('data', (data) => (client.received += data)).resume();
    await client.receives(/^HTTP\/1\.1 413 [^]*\}$/);
    expect(client.received).toContain(text);
  });

  test.each([19_000, 200_000])('inflated, from %d bytes', async (bytes) => {
    const bomb = gzipSync(Buffer.alloc(bytes * 1000));
    const headers = { 'content-encoding': 'gzip' };
    const replies = await Promise.all(Array.from({ length: 6 }, () => server.infer(new Uint8Array(bomb), { headers })));
    for (const { status, body } of replies) expect([status, body.error]).toEqual([413, text]);
  });

  test.each([
    ['plain', {}, Buffer.alloc(65_537, 0x20)],
    ['gzip', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(10 * MIB))],
  ])('on a route that needs no body: %s', async (_, headers, body) => {
    const { status, body: answer } = await server.infer(new Uint8Array(body), {
      path: '/v2/repository/index',
      headers: headers as Record<string, string>,
    });
    const error = 'the body is larger than 65536 bytes, the limit of this path';
    expect([status, answer]).toEqual([413, { error }]);
  });

  test('of a request that needs no body: it is answered, and its client is disconnected if the body never ends', async () => {
    const client = await connect();
    client.send(head('GET', '/v2/health/live', { 'transfer-encoding': 'chunked' }));
    const chunk = `100000\r\n${' '.repeat(MIB)}\r\n`;
    client.send(chunk);
    await client.receives(/^HTTP\/1\.1 200 [^]*\{"live":true\}$/);
    const flood = setInterval(() => client.send(chunk.repeat(4)), 1);
    await client.closed;
    clearInterval(flood);
  });
});

test('refuses a repository index request with many objects', async () => {
  const body = `{"ready":true,"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
  const reply = await server.infer(body, { path: '/v2/repository/index' });
  expect([reply.status, reply.body.error]).toEqual([400, expect.stringContaining('30001 objects and arrays')]);
});

describe('answers that their clients do not read', () => {
  /** A 1 MiB request whose response is larger than 3 MiB. */
  function largeRequest(): Array<string | Uint8Array> {
    const data = new Uint8Array(Float32Array.from({ length: MIB / 4 }, (_, i) => Math.fround(Math.sin(i))).buffer);
    const parameters = { binary_data_size: data.length };
    const json = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [MIB / 4], parameters }] });
    const lengths = { 'content-length': json.length + data.length, 'inference-header-content-length': json.length };
    return [head('POST', INFER, lengths), json, data];
  }

  test('are held until sendTimeoutSeconds, then their clients are disconnected', async () => {
    const before = await dropped('unread');
    const client = await connect({ reads: false });
    for (let i = 0; i < 3; i++) client.send(...largeRequest());
    while ((await server.series('inference_request_memory_bytes')) < 3 * MIB) await sleep(5);
    while ((await dropped('unread')) === before) await sleep(5);
    await server.seriesReaches('inference_request_memory_bytes', 0);
    // The client notices the disconnection only if it reads.
    client.socket.resume();
    await client.closed;
  });

  test('are freed when their client disconnects', async () => {
    const client = await connect({ reads: false });
    for (let i = 0; i < 3; i++) client.send(...largeRequest());
    while ((await server.series('inference_request_memory_bytes')) < 3 * MIB) await sleep(5);
    client.close();
    await server.seriesReaches('inference_request_memory_bytes', 0);
  });
});

describe('pipelined requests', () => {
  const live = head('GET', '/v2/health/live');

  test('are answered in order', async () => {
    const client = (await connect()).send(live.repeat(16));
    while (client.received.split('{"live":true}').length <= 16) await sleep(5);
  });

  test('end their connection if there are too many', async () => {
    const before = await dropped('pipelined');
    await (await connect()).send(live.repeat(1000)).closed;
    expect(await dropped('pipelined')).toBe(before + 1);
  });

  test.each(['url', 'metricsUrl'] as const)(
    'end their connection even if node:http would answer them itself (%s)',
    async (port) => {
      const expecting = head('GET', '/metrics', { expect: 'something' });
      const withoutHost = 'GET / HTTP/1.1\r\n\r\n';
      for (const request of [expecting, withoutHost]) {
        const before = await dropped('pipelined');
        const client = await RawConnection.open(server[port]);
        clients.push(client);
        await client.send(request.repeat(1000)).closed;
        expect(await dropped('pipelined')).toBe(before + 1);
      }
    },
  );

  test.each(['url', 'metricsUrl'] as const)('ignore an Expect header, and require a Host header (%s)', async (port) => {
    const client = await RawConnection.open(server[port]);
    clients.push(client);
    client.send(head('GET', port === 'url' ? '/v2/health/live' : '/metrics', { expect: 'something' }));
    await client.receives(/^HTTP\/1\.1 200 OK\r\n/);
    await client.send('GET /v2/health/live HTTP/1.1\r\n\r\n').closed;
    expect(client.received).toMatch(/HTTP\/1\.1 400 Bad Request\r\n[^]*\{"error":"the request has no Host header"\}/);
  });

  test.each(['url', 'metricsUrl'] as const)('may have only one Host header (%s)', async (port) => {
    const path = port === 'url' ? '/v2' : '/metrics';
    for (const version of ['1.1', '1.0']) {
      const client = await RawConnection.open(server[port]);
      clients.push(client);
      await client.send(`GET ${path} HTTP/${version}\r\nHost: a\r\nhOST: a\r\n\r\n`).closed;
      expect(client.received).toMatch(/^HTTP\/1\.1 400 [^]*\{"error":"the request has more than one Host header"\}/);
    }
  });
});

test.each(['url', 'metricsUrl'] as const)(
  'refuses requests with too many headers, and reads nothing after them (%s)',
  async (port) => {
    const names = Array.from({ length: 98 }, (_, i) => [`x-${i}`, 'y'] as const);
    const path = port === 'url' ? '/v2/health/live' : '/metrics';
    const client = await RawConnection.open(server[port]);
    clients.push(client);
    // The 98 headers, Host and x-last make 100, the maximum.
    client.send(head('GET', path, { ...Object.fromEntries(names), 'x-last': 'y' }));
    await client.receives(/^HTTP\/1\.1 200 OK\r\n/);
    const before = client.received.length;
    client.send(head('GET', path, { ...Object.fromEntries(names), 'x-last': 'y', 'transfer-encoding': 'chunked' }));
    await client.receives(/HTTP\/1\.1 400 Bad Request\r\n[^]*\{"error":"the request has more than 100 headers"\}/);
    expect(client.received.slice(before)).toMatch(/^HTTP\/1\.1 400 /);
    await client.send('1\r\nx\r\n'.repeat(100_000)).closed;
  },
);

test.each(['url', 'metricsUrl'] as const)(
  'a request to upgrade is answered and closes the connection; data after it is ignored (%s)',
  async (port) => {
    for (const protocol of ['h2c', 'websocket']) {
      const upgrade = head('GET', '/v2', { connection: 'Upgrade', upgrade: protocol });
      const client = (await RawConnection.open(server[port]!)).send(upgrade + head('GET', '/v2'));
      await client.closed;
      expect(client.received).toMatch(/^HTTP\/1\.1 (200|404)[^]*\r\nconnection: close\r\n/i);
    }
  },
);

test('endless invalid bytes after a request are not read while the request runs', async () => {
  const slow = await ServerProcess.start(slowModel());
  const client = await RawConnection.open(slow.url);
  clients.push(client);
  const body = JSON.stringify(rounds(20_000));
  client.send(head('POST', INFER, { ...JSON_TYPE, 'content-length': body.length }), body);
  await slow.seriesReaches('inference_running', 1);
  client.send(Buffer.alloc(16 * 1024 * 1024, 1));
  await sleep(200);
  expect(client.socket.writableLength).toBeGreaterThan(8 * 1024 * 1024);
  expect(await slow.series('inference_running')).toBe(1);
  await client.closed;
  expect(await slow.metrics()).toMatch(/^inference_requests_total\{.*outcome="success"\} 1$/m);
});

test('the metrics port limits the number of clients, and the concurrent requests of each client', async () => {
  const before = await dropped('pipelined');
  const scrapers = await Promise.all(Array.from({ length: 40 }, () => RawConnection.open(server.metricsUrl)));
  clients.push(...scrapers);
  for (const scraper of scrapers) scraper.send(head('GET', '/metrics').repeat(600));
  await Promise.all(scrapers.map(({ closed }) => closed));
  expect(await dropped('pipelined')).toBeGreaterThan(before);
});

describe('connections', () => {
  test('that are idle make room for others', async () => {
    const begun = head('POST', INFER, { ...JSON_TYPE, 'content-length': 10 });
    await Promise.all(Array.from({ length: 30 }, () => connect()));
    const asking = await Promise.all(Array.from({ length: 60 }, () => connect()));
    for (const client of asking) client.send(begun);
    const another = (await connect()).send(head('GET', '/v2/health/live'));
    await another.receives(/\{"live":true\}$/);
    expect(clients.filter(({ socket }) => !socket.destroyed).length).toBeLessThanOrEqual(41);
    expect(await dropped('idle')).toBeGreaterThanOrEqual(50);
  });
});

describe('text that an error quotes from a request is cut', () => {
  const long = 'x'.repeat(8000);

  test.each([
    ['a path', 404, 'GET', `/${long}`, {}],
    ['a model', 404, 'GET', `/v2/models/${'x'.repeat(900)}`, {}],
    ['an origin', 403, 'POST', INFER, { origin: long }],
    ['a content encoding', 415, 'POST', INFER, { 'content-encoding': long, 'content-length': 1 }],
    ['a length', 400, 'POST', INFER, { 'inference-header-content-length': long, 'content-length': 1 }],
  ] as const)('%s', async (_, status, method, path, headers) => {
    const client = (await connect()).send(head(method, path, headers), 'content-length' in headers ? 'x' : '');
    const [, body = ''] = await client.receives(/\r\n\r\n(\{"error":.*\})$/);
    expect(client.received).toContain(`HTTP/1.1 ${status} `);
    expect(body.length).toBeLessThan(500);
    // The expected bytes are the UTF-8 form of the ellipsis, which follows the closing quote if the text is quoted.
    expect(body).toMatch(/xxx(\\")?\xe2\x80\xa6/);
  });
});
