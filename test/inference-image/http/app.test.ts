import { METHODS, request, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { identity } from '../../support/onnx-builder';
import { head, RawConnection } from '../../support/raw-connection';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start(
    identity('float', ['n']),
    { maxRequestBytes: 10_000 },
    { name: 'my-model', version: '7' },
  );
});

const input = { name: 'x', datatype: 'FP32', shape: [2], data: [1, 2] };
const path = '/v2/models/my-model/infer';
const TOO_LARGE = 'the body is larger than maxRequestBytes (10000 bytes); send less at a time, or raise that setting';
const extensions = ['binary_tensor_data', 'model_configuration', 'model_repository', 'schedule_policy', 'statistics'];

describe('metadata and health', () => {
  test.each([
    ['/v2', { name: 'cdktf-model-serving', version: expect.stringMatching(/^\d/), extensions }],
    ['/v2/', { name: 'cdktf-model-serving', version: expect.anything(), extensions }],
    ['/v2/health/live', { live: true }],
    ['/v2/health/ready', { ready: true }],
    ['/v2/models/my-model/ready', { name: 'my-model', ready: true }],
    ['/v2/models/my-model/versions/7/ready', { name: 'my-model', ready: true }],
    ['/v2/models/my-model/ready/?verbose=1', { name: 'my-model', ready: true }],
  ])('GET %s', async (url, body) => {
    const reply = await server.get(url);
    expect([reply.status, reply.body]).toEqual([200, body]);
  });

  test.each(['/v2/models/my-model', '/v2/models/my-model/', '/v2/models/my-model/versions/7'])(
    'GET %s',
    async (url) => {
      expect((await server.get(url)).body).toEqual({
        name: 'my-model',
        versions: ['7'],
        platform: 'onnxruntime_onnx',
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1] }],
        outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
      });
    },
  );
});

test('idle connections outlive the idle timeout of load balancers', async () => {
  const { headers } = await server.get('/v2/health/live');
  expect([headers.get('connection'), headers.get('keep-alive')]).toEqual(['keep-alive', 'timeout=75']);
});

test.each(['/v2/models/%', '/v2/models/%zz/infer', '/v2/models/%ff'])('GET %s is a 400', async (url) => {
  const { status, body } = await server.get(url);
  expect([status, body]).toEqual([
    400,
    { error: `the path is not percent-encoded UTF-8: ${url}; write a percent sign as %25` },
  ]);
});

test('HEAD is GET without a body', async () => {
  const { status, headers } = await fetch(`${server.url}/v2/health/ready`, { method: 'HEAD' });
  expect([status, headers.get('content-length')]).toEqual([200, '14']);
});

describe('paths', () => {
  test.each(['/v2/models/my-model/versions/7/infer', '/v2/models/my-model/infer/'])('POST %s', async (url) => {
    const { status, body } = await server.infer({ inputs: [input] }, { path: url });
    expect([status, body.model_version, body.outputs[0].data]).toEqual([200, '7', [1, 2]]);
  });

  test.each(['1p0', '9', '7%2F', '-1'])('P2 version %s gets a 404', async (version) => {
    for (const suffix of ['', '/ready', '/infer']) {
      const url = `/v2/models/my-model/versions/${version}${suffix}`;
      const { status, body } = suffix === '/infer' ? await server.infer({}, { path: url }) : await server.get(url);
      const asked = JSON.stringify(decodeURIComponent(version));
      expect([status, body.error]).toEqual([404, `unknown version ${asked}; model "my-model" has version "7"`]);
    }
  });

  test('P14 percent escapes are decoded', async () => {
    expect((await server.get('/v2/models/my%2Dmodel')).status).toBe(200);
    expect((await server.get('/v2/models/my%2Dmodel/versions/%37/ready')).status).toBe(200);
    const { status, body } = await server.get('/v2/models/team%2Fm');
    expect([status, body]).toEqual([404, { error: 'unknown model "team/m"; this server has "my-model"' }]);
    expect((await server.get('/v2/models/team/m')).status).toBe(404);
    expect((await server.get('/v2/models/%zz')).body).toEqual({ error: expect.stringContaining('%zz') });
  });

  test.each(['/', '/nowhere', '/v2/models', '/v2/health', '/metrics'])('GET %s gets a 404', async (url) => {
    const { status, body } = await server.get(url);
    expect([status, body]).toEqual([404, { error: `no such path: ${url}` }]);
  });

  test.each([
    ['GET', path, 'POST'],
    ['PUT', path, 'POST'],
    ['POST', '/v2/health/ready', 'GET, HEAD'],
    ['DELETE', '/v2/models/my-model', 'GET, HEAD'],
  ])('%s %s gets a 405', async (method, url, allow) => {
    const { status, headers, body } = await server.get(url, { method });
    expect([status, headers.get('allow')]).toEqual([405, allow]);
    expect(body).toEqual({ error: `${method} is not allowed here; use ${allow.split(',')[0]}` });
  });
});

test.each(['HEAD', 'TRACE', 'QUERY'])('%s of a POST path gets a 405', async (method) => {
  // Uses node:http, because fetch cannot send TRACE.
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    request(server.url + path, { method }, resolve)
      .on('error', reject)
      .end();
  });
  reply.resume();
  // Node 20 does not know QUERY, and answers as if the request were not HTTP.
  const known = METHODS.includes(method);
  expect([reply.statusCode, reply.headers.allow]).toEqual(known ? [405, 'POST'] : [400, undefined]);
});

describe('bodies', () => {
  const post = (body: unknown, headers: Record<string, string> = {}) => server.infer(body, { path, headers });

  test('P4 wrong types get a 400, and the server keeps running', async () => {
    for (const body of [
      { inputs: [{ ...input, shape: '-1' }] },
      { inputs: {} },
      { inputs: [{ ...input, data: null }] },
      { inputs: [{ ...input, datatype: 'STRING' }] },
      [],
    ]) {
      const reply = await post(body);
      expect([reply.status, reply.body]).toEqual([400, { error: expect.any(String) }]);
    }
    expect((await server.get('/v2/health/live')).status).toBe(200);
  });

  test.each(['', '{', 'null', '"x"', '{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[NaN]}]}'])(
    '%j gets a 400',
    async (body) => {
      const reply = await post(body);
      expect([reply.status, reply.body]).toEqual([400, { error: expect.any(String) }]);
    },
  );

  test('P1 an unknown output gets a 400', async () => {
    const reply = await post({ inputs: [input], outputs: [{ name: 'potato' }] });
    expect([reply.status, reply.body]).toEqual([400, { error: 'unknown output "potato"; the model returns "y"' }]);
  });

  test('M21 a repeated input gets a 400', async () => {
    const reply = await post({ inputs: [input, input] });
    expect([reply.status, reply.body]).toEqual([400, { error: 'input "x" is given twice' }]);
  });

  test.each(['text/csv', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded'])(
    'P5 the body determines the format, not the content type %s',
    async (type) => {
      expect((await post({ inputs: [input] }, { 'content-type': type })).status).toBe(200);
      expect((await post('x=1', { 'content-type': type })).status).toBe(400);
    },
  );

  test.each(['application/json; charset=utf-8', 'application/vnd.api+json', 'application/octet-stream'])(
    'content type %s is accepted',
    async (type) => {
      expect((await post({ inputs: [input] }, { 'content-type': type })).status).toBe(200);
    },
  );

  test.each<[string, Buffer, number, string]>([
    [
      'a PNG file',
      Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
      415,
      'the model accepts no pictures, but the body is a PNG file',
    ],
    [
      'a JPEG file',
      Buffer.from('ffd8ffe000104a464946', 'hex'),
      415,
      'the model accepts no pictures, but the body is a JPEG file',
    ],
    ['gzip without a header', gzipSync('{}'), 400, 'the body is gzip data; add the header Content-Encoding: gzip'],
    [
      'a form, as sent by curl -F',
      Buffer.from('--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n{"inputs":[]}\r\n--b--\r\n'),
      400,
      'the body is a form; send the request itself as the body, as curl --data-binary does',
    ],
  ])('the error names %s, for any content type', async (_, payload, status, error) => {
    const types = ['json', 'octet-stream', 'x-www-form-urlencoded'].map((subtype) => `application/${subtype}`);
    for (const type of [...types, 'multipart/form-data; boundary=b']) {
      expect(await post(payload, { 'content-type': type })).toMatchObject({ status, body: { error } });
    }
  });

  test('a body beyond the limit gets a 413', async () => {
    const reply = await post(' '.repeat(10_001));
    expect([reply.status, reply.body]).toEqual([413, { error: TOO_LARGE }]);
  });

  test('invalid HTTP gets a 400', async () => {
    const socket = new Socket().connect(Number(new URL(server.url).port), '127.0.0.1').setEncoding('utf8');
    socket.end('NONSENSE\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\{"error":"malformed HTTP request: .*"\}$/);
  });
});

describe('compression', () => {
  const many = { ...input, shape: [1000], data: new Array(1000).fill(0.5) };
  const post = (body: Buffer, headers: Record<string, string>) =>
    server.infer(new Uint8Array(body), { path, headers: { 'content-type': 'application/json', ...headers } });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['identity', (body: Buffer) => body],
  ])('a request may have Content-Encoding %s', async (encoding, encode) => {
    const body = encode(Buffer.from(JSON.stringify({ inputs: [many] })));
    const reply = await post(body, { 'content-encoding': encoding });
    expect([reply.status, reply.body.outputs[0].data.length]).toEqual([200, 1000]);
  });

  test('an unknown encoding gets a 415', async () => {
    const reply = await post(Buffer.from('x'), { 'content-encoding': 'br' });
    const error = 'content encoding "br" is not supported; send gzip, deflate or none';
    expect([reply.status, reply.body]).toEqual([415, { error }]);
  });

  test('invalid gzip data gets a 400', async () => {
    const reply = await post(Buffer.from('{}'), { 'content-encoding': 'gzip' });
    expect([reply.status, reply.body]).toEqual([
      400,
      { error: 'the request is declared as gzip data but is not: incorrect header check' },
    ]);
  });

  test('the limit applies after decompression', async () => {
    const reply = await post(gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' });
    expect([reply.status, reply.body]).toEqual([413, { error: TOO_LARGE }]);
  });

  test.each([
    ['gzip', many, 'gzip', gunzipSync],
    ['deflate, br', many, 'deflate', inflateSync],
    ['br, gzip;q=0.5', many, 'gzip', gunzipSync],
    ['gzip;q=0', many, null, undefined],
    ['gzip;q=0.2, deflate;q=0.8', many, 'deflate', inflateSync],
    ['x-gzip', many, 'gzip', gunzipSync],
    ['*', many, 'gzip', gunzipSync],
    ['gzip;q=0, *', many, 'deflate', inflateSync],
    ['gzip;q=0.5, identity', many, null, undefined],
    ['gzip;q=much', many, null, undefined],
    ['identity', many, null, undefined],
    [`gzip${', br'.repeat(300)}`, many, null, undefined],
    ['gzip', input, null, undefined],
  ])('Accept-Encoding %s', async (accept, tensor, encoding, decode) => {
    // Uses node:http, because fetch decompresses bodies itself.
    const reply = await new Promise<{ encoding: string | null; vary?: string; body: Buffer }>((resolve, reject) => {
      const headers = { 'accept-encoding': accept, 'content-type': 'application/json' };
      const post = request(server.url + path, { method: 'POST', headers }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const { vary, 'content-encoding': coding = null } = response.headers;
        resolve({ encoding: coding, vary, body: Buffer.concat(chunks) });
      });
      post.on('error', reject).end(JSON.stringify({ inputs: [tensor] }));
    });
    expect([reply.encoding, reply.vary]).toEqual([encoding, tensor === many ? 'accept-encoding' : undefined]);
    const body = decode ? decode(reply.body) : reply.body;
    expect(JSON.parse(String(body)).outputs[0].data).toEqual(tensor.data);
  });
});

/** Sends raw text, and returns everything that is received until the connection is closed. */
function sendRaw(text: string, to = server): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    let received = '';
    socket
      .on('data', (chunk) => (received += chunk))
      .on('close', () => resolve(received))
      .on('error', reject);
    socket.connect(Number(new URL(to.url).port), '127.0.0.1', () => socket.write(text));
  });
}

describe('Expect: 100-continue', () => {
  const json = JSON.stringify({ inputs: [input] });
  const ask = async (to: string, headers: Record<string, string | number> = {}) => {
    const expecting = { expect: '100-continue', 'content-length': json.length, ...headers };
    return (await RawConnection.open(server.url)).send(head('POST', to, expecting));
  };

  test('gets 100 Continue if the body is needed', async () => {
    const client = await ask(path);
    await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    await client.send(json).receives(/HTTP\/1\.1 200 OK\r\n[^]*"data":\[1,2\]/);
    // The connection remains usable.
    await client.send(head('GET', '/v2/health/live')).receives(/\{"live":true\}$/);
    client.close();
  });

  test.each<[string, string, Record<string, string | number>, number]>([
    ['is too large', path, { 'content-length': 10_001 }, 413],
    ['comes from another origin', path, { origin: 'http://foo' }, 403],
    ['has an unknown path', '/nowhere', {}, 404],
    ['names an unknown model', '/v2/models/other/infer', {}, 404],
    ['has an unknown encoding', path, { 'content-encoding': 'br' }, 415],
    ['has an unknown encoding', '/v2/repository/index', { 'content-encoding': 'br' }, 415],
    ['has an invalid length of JSON', path, { 'inference-header-content-length': 'x' }, 400],
    ['is shorter than its JSON', path, { 'inference-header-content-length': json.length + 1 }, 400],
  ])('a body that %s is refused without 100 Continue, and its connection ends', async (_, to, headers, status) => {
    const client = await ask(to, headers);
    await client.closed;
    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nconnection: close\r\n`, 'i'));
  });
});

describe('requests that are refused before their body is read', () => {
  test.each([
    ['an unknown path', '/nowhere', {}, 404, 'no such path: /nowhere'],
    ['another origin', path, { origin: 'http://foo' }, 403, expect.stringContaining('http://foo')],
  ] as const)('%s', async (_, url, headers, status, error) => {
    const body = 'x'.repeat(20_000);
    const reply = await fetch(server.url + url, { method: 'POST', headers: { ...headers }, body });
    expect([reply.status, await reply.json()]).toEqual([status, { error }]);
  });

  test('because their headers are too large', async () => {
    const received = await sendRaw(`GET /v2 HTTP/1.1\r\nHost: m\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n[^]*\{"error":/);
  });
});

test('accepts Inference-Header-Content-Length with any content type', async () => {
  const json = JSON.stringify({ inputs: [input] });
  const headers = { 'content-type': 'foo', 'inference-header-content-length': String(json.length) };
  const reply = await fetch(server.url + path, { method: 'POST', headers, body: json });
  expect(reply.status).toBe(200);
});

test('accepts Content-Encoding: Identity', async () => {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'Identity' };
  const reply = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify({ inputs: [input] }) });
  expect(reply.status).toBe(200);
});

test('an error for invalid HTTP follows the earlier reply', async () => {
  const json = JSON.stringify({ inputs: [input] });
  const start = head('POST', path, { 'content-type': 'application/json', 'content-length': json.length });
  expect(await sendRaw(`${start}${json}GARBAGE\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 OK/);
});

test.each([
  ['with requests', 'GARBAGE', []],
  ['after requests', '', ['GARBAGE']],
  ['after requests, in parts', '', ['GAR', 'BAGE', '\r\n']],
])('invalid HTTP %s is answered after all of them', async (_, garbage, parts) => {
  const slow = await ServerProcess.start(slowModel(), {}, { name: 'my-model' });
  const json = JSON.stringify({ inputs: [{ name: 'n', datatype: 'INT64', shape: [1], data: [1000] }] });
  const headers = { 'content-type': 'application/json', 'content-length': json.length };
  const client = await RawConnection.open(slow.url);
  client.send(`${head('POST', path, headers)}${json}`.repeat(3) + garbage);
  for (const part of parts) {
    await sleep(20);
    client.send(part);
  }
  await client.closed;
  const statuses = ['200', '200', '200', '400'].map((code) => `HTTP/1.1 ${code}`);
  expect(client.received.match(/HTTP\/1\.1 \d+/g)).toEqual(statuses);
});

describe('a request that is never complete', () => {
  const start = `POST ${path} HTTP/1.1\r\nHost: m\r\nContent-Type: application/json`;

  test('is answered if its body is invalid HTTP', async () => {
    const received = await sendRaw(`${start}\r\nTransfer-Encoding: chunked\r\n\r\nsome\r\n`);
    expect(received).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\{"error":"malformed HTTP request: /);
  });

  test('is counted and leaves no memory reserved if its client disconnects', async () => {
    const other = await ServerProcess.start(identity('float', ['n']), {}, { name: 'my-model' });
    const socket = new Socket().connect(Number(new URL(other.url).port), '127.0.0.1');
    socket.write(`${start}\r\nContent-Length: 1000\r\n\r\n{"inputs`, () => setTimeout(() => socket.destroy(), 100));
    while (!(await other.metrics()).includes('outcome="cancelled"} 1')) await sleep(5);
    expect(await other.stop()).toBe(0);
  });
});
