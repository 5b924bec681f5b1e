import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { head, RawConnection } from '../../support/raw-connection';
import { floats } from '../../support/requests';
import { identity } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';

const INFER = '/v2/models/m/infer';
const ALLOWED = 'https://shop.example';
const FOREIGN = 'https://evil.example';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request with node:http, because fetch would set some of the headers itself. */
function send(
  server: ServerProcess,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = method === 'POST' ? JSON.stringify(floats(1)) : undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${server.url}${path}`, { method, headers }, (reply: IncomingMessage) => {
      const parts: Buffer[] = [];
      reply.on('data', (part) => parts.push(part));
      reply.on('end', () =>
        resolve({ status: reply.statusCode!, headers: reply.headers, body: Buffer.concat(parts).toString() }),
      );
    });
    call.on('error', reject).end(body);
  });
}

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start(identity('float', ['n']), {
    page: true,
    allowedOrigins: [ALLOWED, 'https://München.example:443'],
  });
});

const host = () => new URL(server.url).host;

describe('a request is accepted', () => {
  test.each<[string, () => Record<string, string>]>([
    ['from a client other than a browser', () => ({})],
    ["from the server's own page", () => ({ origin: `http://${host()}`, 'sec-fetch-site': 'same-origin' })],
    ['from its own page, if a proxy terminates TLS', () => ({ host: 'm.example', origin: 'https://m.example' })],
    ['from its own page at the default port', () => ({ host: 'm.example:443', origin: 'https://m.example' })],
    [
      'from its own page, if a proxy rewrites Host',
      () => ({ host: 'backend:8080', origin: 'https://m.example', 'sec-fetch-site': 'same-origin' }),
    ],
    ['through kubectl port-forward', () => ({ host: 'localhost:9000', origin: 'http://localhost:9000' })],
    ['from a sidecar', () => ({ host: '127.0.0.1:8080' })],
    ['from an allowed origin', () => ({ origin: ALLOWED, 'sec-fetch-site': 'cross-site' })],
    [
      'from an allowed origin that the setting spells differently',
      () => ({ origin: 'https://xn--mnchen-3ya.example' }),
    ],
  ])('%s', async (_, headers) => {
    expect((await send(server, 'POST', INFER, headers())).status).toBe(200);
  });

  test('for a link to the page, on any page', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await send(server, 'GET', '/', headers)).status).toBe(200);
  });
});

describe('a request is refused with 403', () => {
  test.each<[string, string, Record<string, string>, string]>([
    ['from another origin', 'POST', { origin: FOREIGN }, `a page of origin "${FOREIGN}"`],
    ['from a page without an origin', 'POST', { origin: 'null' }, 'a page of origin "null"'],
    [
      'from a different port of this machine',
      'POST',
      { origin: 'http://localhost:1' },
      'a page of origin "http://localhost:1"',
    ],
    [
      'from a different port of the same address',
      'POST',
      { origin: 'http://127.0.0.1:1' },
      'a page of origin "http://127.0.0.1:1"',
    ],
    ['from a different scheme', 'POST', { origin: 'moz-extension://x' }, 'a page of origin "moz-extension://x"'],
    ['from an invalid origin', 'POST', { origin: 'x' }, 'a page of origin "x"'],
    ['from another site', 'GET', { 'sec-fetch-site': 'cross-site' }, 'a page of another site'],
    [
      'from another site that submits a form',
      'POST',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      'a page of another site',
    ],
    ['if it is a preflight', 'OPTIONS', { origin: FOREIGN }, `a page of origin "${FOREIGN}"`],
  ])('%s', async (_, method, headers, sender) => {
    const {
      status,
      body,
      headers: answered,
    } = await send(server, method, INFER, {
      ...headers,
      'access-control-request-method': 'POST',
    });
    const error = `${sender} may not send requests to "${host()}"; only the origins in the setting allowedOrigins may`;
    expect([status, JSON.parse(body)]).toEqual([403, { error }]);
    expect(answered['access-control-allow-origin']).toBeUndefined();
  });

  test.each(['cross-site', 'same-site'])(
    'from a page with the same host name but a different scheme (%s)',
    async (site) => {
      const headers = { host: 'localhost', origin: 'https://localhost', 'sec-fetch-site': site };
      const { status, body } = await send(server, 'POST', INFER, headers);
      expect([status, body]).toEqual([403, expect.stringContaining('a page of origin \\"https://localhost\\"')]);
    },
  );

  test('and is counted, and does not run the model', async () => {
    const before = await server.metrics();
    const count = (text: string, name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    await send(server, 'POST', INFER, { origin: FOREIGN });
    const after = await server.metrics();
    const refused = 'inference_refused_total\\{.*reason="origin"\\}';
    expect(count(after, refused)).toBe(count(before, refused) + 1);
    const runs = 'inference_requests_total\\{.*outcome="success"\\}';
    expect(count(after, runs)).toBe(count(before, runs));
  });
});

test.each(['/v2/health/live', '/v2/health/ready', '/v2/models/m/ready', '/v2/models/m/versions/1/ready'])(
  '%s is answered whatever the origin',
  async (path) => {
    expect((await send(server, 'GET', path, { origin: FOREIGN })).status).toBe(200);
  },
);

test.each([
  '/v2/models/m?/ready',
  '/v2/models/m?x=/v2/health/live',
  '/v2/models/stats?/ready',
  '/v2/models/m;/ready',
  '/v2/models/m/stats?ready',
  '/v2/health/liveness',
])('%s is not a probe', async (path) => {
  expect((await send(server, 'GET', path, { origin: FOREIGN })).status).toBe(403);
});

test('a preflight request with a body is not treated as one, and its body is discarded', async () => {
  const client = await RawConnection.open(server.url);
  const asked = { origin: ALLOWED, 'access-control-request-method': 'POST', 'transfer-encoding': 'chunked' };
  client.send(head('OPTIONS', INFER, asked));
  await client.receives(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  while (!client.socket.destroyed) {
    client.send('1\r\nx\r\n'.repeat(2000));
    await sleep(1);
  }
  client.close();
});

describe('an allowed origin', () => {
  test('may read answers, errors included', async () => {
    for (const body of [JSON.stringify(floats(1)), '{']) {
      const { headers } = await send(server, 'POST', INFER, { origin: ALLOWED }, body);
      expect(headers).toMatchObject({
        'access-control-allow-origin': ALLOWED,
        'access-control-expose-headers': 'inference-header-content-length, retry-after',
        vary: 'origin',
      });
    }
  });

  test('may read compressed answers', async () => {
    const body = JSON.stringify(floats(...new Array(2000).fill(1)));
    const { headers } = await send(server, 'POST', INFER, { origin: ALLOWED, 'accept-encoding': 'gzip' }, body);
    expect([headers['content-encoding'], headers.vary]).toEqual(['gzip', 'origin, accept-encoding']);
  });

  test('gets the allowed methods and headers', async () => {
    const { status, headers } = await send(server, 'OPTIONS', INFER, {
      origin: ALLOWED,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    });
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': ALLOWED,
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers':
        'content-type, content-encoding, inference-header-content-length, traceparent, tracestate',
      'access-control-max-age': '600',
    });
  });

  test('answers vary by origin, for all origins', async () => {
    expect((await send(server, 'GET', '/v2')).headers.vary).toBe('origin');
  });
});

describe('allowedHosts', () => {
  let local: ServerProcess;
  beforeAll(async () => {
    local = await ServerProcess.start(identity('float', ['n']), { allowedHosts: ['localhost', '127.0.0.1', '[::1]'] });
  });

  test.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '[::1]', '[::1]:8080'])('%s is accepted', async (name) => {
    expect((await send(local, 'POST', INFER, { host: name })).status).toBe(200);
  });

  test.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.nip.io', '10.0.0.1', '[::2]:1'])(
    '%j is refused with 403, for any origin',
    async (name) => {
      const headers = { host: name, origin: `http://${name}`, 'sec-fetch-site': 'same-origin' };
      const { status, body } = await send(local, 'POST', INFER, headers);
      const error = `requests to "${name}" are not allowed; the setting allowedHosts allows "localhost", "127.0.0.1", "[::1]"`;
      expect([status, JSON.parse(body)]).toEqual([403, { error }]);
    },
  );

  test.each([
    ['POST', INFER],
    ['GET', '/v2'],
  ])('the name in the target of a %s request counts, not the one in Host', async (method, path) => {
    const body = method === 'POST' ? JSON.stringify(floats(1)) : '';
    const status = async (name: string, headers: Record<string, string>) => {
      const client = await RawConnection.open(local.url);
      const all = { ...headers, connection: 'close', 'content-length': body.length };
      await client.send(head(method, `http://${name}${path}`, all), body).closed;
      return Number(client.received.slice(9, 12));
    };
    expect(await status('localhost:8080', { host: 'evil.example', origin: 'http://localhost:8080' })).toBe(200);
    expect(await status('evil.example:8080', { host: 'localhost' })).toBe(403);
    expect(await status('localhost', { host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
  });

  test('health checks are answered under any name', async () => {
    expect((await send(local, 'GET', '/v2/health/ready', { host: '10.0.0.1:8080' })).status).toBe(200);
    expect((await send(local, 'GET', '/v2', { host: '10.0.0.1:8080' })).status).toBe(403);
  });
});
