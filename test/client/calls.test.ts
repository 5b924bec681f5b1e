import { setTimeout as sleep } from 'node:timers/promises';
import { getEventListeners } from 'node:events';
import { Caller } from '../../lib/client/runtime/caller';
import type { CallOptions, ClientOptions } from '../../lib/client/runtime/options';
import { parseRetryAfter } from '../../lib/client/runtime/retries';
import { FakeServer, halfAnAnswer, hangUp, json, refuse, silence } from './fake-server';
import { failure } from './failure';

const MODEL = {
  name: 'm',
  inputs: [{ name: 'x', datatype: 'FP32', dimensions: ['n', 2] }],
  outputs: [{ name: 'y', datatype: 'FP32', dimensions: ['n'] }],
} as const;
const X = { x: { shape: [1, 2], data: [1, 2] } };
const ANSWER = { outputs: [{ name: 'y', datatype: 'FP32', shape: [1], data: [3] }] };
const Y = { y: { shape: [1], data: Float32Array.of(3) } };
const answer = json(200, ANSWER);

const client = (url: string, options: Omit<ClientOptions, 'url'> = {}) =>
  new Caller(MODEL, { url, protocol: 'json', ...options });

/** Pauses between the received requests, in milliseconds. */
function pauses({ requests }: FakeServer): number[] {
  return requests.slice(1).map(({ at }, i) => at - requests[i]!.at);
}

const microseconds = ({ requests }: FakeServer) =>
  requests.map(({ body }) => JSON.parse(body.toString()).parameters?.timeout as number | undefined);

let random: jest.SpyInstance;
beforeEach(() => (random = jest.spyOn(Math, 'random').mockReturnValue(0)));
afterEach(() => random.mockRestore());

describe('retries', () => {
  test.each([
    ['429', refuse(429)],
    ['503', refuse(503)],
    ['a closed connection', hangUp],
    ['a truncated answer', halfAnAnswer],
  ])('after %s', async (_, reply) => {
    const server = await FakeServer.start(reply, answer);
    expect(await client(server.url).infer(X, {})).toEqual(Y);
    expect(server.requests).toHaveLength(2);
  });

  test('wait as long as Retry-After, plus a random time', async () => {
    random.mockReturnValue(0.9);
    const server = await FakeServer.start(refuse(429, { 'retry-after': '1' }), answer);
    expect(await client(server.url).infer(X, {})).toEqual(Y);
    const [pause] = pauses(server);
    expect(pause).toBeGreaterThan(1085);
    expect(pause).toBeLessThan(3000);
  });

  test('read Retry-After as seconds or as a date', () => {
    const now = Date.parse('2026-11-25T20:00:00Z');
    expect(parseRetryAfter('120', now)).toBe(120_000);
    expect(parseRetryAfter('Wed, 25 Nov 2026 20:00:02 GMT', now)).toBe(2000);
    expect(parseRetryAfter('Wed, 25 Nov 2026 19:00:00 GMT', now)).toBe(0);
    expect(parseRetryAfter('soon', now)).toBeUndefined();
    expect(parseRetryAfter(null, now)).toBeUndefined();
  });

  test('otherwise wait up to twice as long each time', async () => {
    random.mockReturnValue(0.5);
    const server = await FakeServer.start(refuse(503), refuse(503), refuse(503), answer);
    expect(await client(server.url).infer(X, {})).toEqual(Y);
    [50, 100, 200].forEach((least, i) => expect(pauses(server)[i]).toBeGreaterThan(least - 5));
  });

  test('are bounded', async () => {
    const server = await FakeServer.start(refuse(503, { 'retry-after': '0' }));
    const error = await failure(client(server.url, { retries: 2 }).infer(X, {}));
    expect(error).toMatchObject({ code: 'unavailable', status: 503, attempts: 3, serverMessage: 'no', retryAfter: 0 });
    expect(error.message).toBe('the server answered 503: no');
    expect(server.requests).toHaveLength(3);
    expect(await failure(client(server.url, { retries: 2 }).infer(X, { retries: 0 }))).toMatchObject({ attempts: 1 });
    expect(server.requests).toHaveLength(4);
  });

  test.each([
    [400, 'invalid-request'],
    [404, 'invalid-request'],
    [413, 'invalid-request'],
    [500, 'server-error'],
    [502, 'server-error'],
    [504, 'deadline'],
  ])('do not happen after %i', async (status, code) => {
    const server = await FakeServer.start(refuse(status));
    expect(await failure(client(server.url).infer(X, {}))).toMatchObject({ code, status, attempts: 1 });
    expect(server.requests).toHaveLength(1);
  });

  test('end with the error that prevented the connection', async () => {
    const server = await FakeServer.start(answer);
    server.stop();
    const error = await failure(client(server.url, { retries: 1 }).infer(X, {}));
    expect(error).toMatchObject({ code: 'connection', status: undefined, attempts: 2 });
    expect(error.message).toMatch(/^no answer from http:\/\/127\.0\.0\.1:\d+\/v2\/models\/m\/infer: .*ECONNREFUSED/);
    expect((error.cause as Error).message).toBe('fetch failed');
  });
});

describe('a deadline', () => {
  test('ends a call that has no answer', async () => {
    const server = await FakeServer.start(silence);
    const error = await failure(client(server.url, { deadline: 100 }).infer(X, {}));
    expect(error).toMatchObject({ code: 'deadline', status: undefined, attempts: 1 });
    expect(error.message).toBe('no answer within the deadline of 100 ms');
    expect(error.milliseconds).toBeGreaterThan(95);
    expect(error.milliseconds).toBeLessThan(3000);
  });

  test('ends a call whose answer does not end, or whose fetch ignores the signal', async () => {
    const server = await FakeServer.start((response) => void response.writeHead(200).write('{'));
    expect(await failure(client(server.url).infer(X, { deadline: 100 }))).toMatchObject({ code: 'deadline' });
    const deaf = client(server.url, { fetch: () => new Promise(() => undefined) });
    expect(await failure(deaf.infer(X, { deadline: 50 }))).toMatchObject({ code: 'deadline', attempts: 1 });
  });

  test('counts attempts and pauses together', async () => {
    random.mockReturnValue(0.5);
    const server = await FakeServer.start(refuse(503), refuse(503), silence);
    const error = await failure(client(server.url, { deadline: 1000 }).infer(X, {}));
    expect(error).toMatchObject({ code: 'deadline', attempts: 3 });
    expect(error.milliseconds).toBeLessThan(3000);
  });

  test('ends the call at once if the pause would exceed it', async () => {
    const server = await FakeServer.start(refuse(429, { 'retry-after': '60' }));
    const error = await failure(client(server.url).infer(X, {}));
    expect(error).toMatchObject({ code: 'overloaded', status: 429, attempts: 1, retryAfter: 60_000 });
    expect(error.milliseconds).toBeLessThan(2000);
  });

  test('is sent to the server as the remaining time, in microseconds', async () => {
    random.mockReturnValue(0.5);
    const server = await FakeServer.start(refuse(503), answer);
    await client(server.url, { deadline: 5000 }).infer(X, {});
    const [first, second] = microseconds(server) as [number, number];
    expect(first).toBeGreaterThan(4_000_000);
    expect(first).toBeLessThanOrEqual(5_000_000);
    expect(second).toBeLessThan(first - 45_000);
  });

  test('of Infinity means no deadline', async () => {
    const server = await FakeServer.start(answer);
    expect(await client(server.url, { deadline: Infinity }).infer(X, {})).toEqual(Y);
    expect(microseconds(server)).toEqual([undefined]);
  });
});

describe('an abort', () => {
  const reason = new Error('never mind');

  test.each([
    ['before the call', 0, silence],
    ['during an attempt', 1, silence],
    ['during a pause', 1, refuse(503, { 'retry-after': '20' })],
  ])('%s ends the call', async (when, attempts, reply) => {
    const server = await FakeServer.start(reply);
    const controller = new AbortController();
    if (when === 'before the call') controller.abort(reason);
    const failed = failure(client(server.url).infer(X, { signal: controller.signal }));
    while (server.requests.length < attempts) await sleep(10);
    await sleep(100);
    controller.abort(reason);
    const error = await failed;
    expect(error).toMatchObject({ code: 'aborted', message: 'the call was aborted', cause: reason, attempts });
    expect(server.requests).toHaveLength(attempts);
    expect(error.milliseconds).toBeLessThan(2000);
  });

  test("can come from the client's signal too, and no listener stays on a signal after a call", async () => {
    const server = await FakeServer.start(answer, silence);
    const [all, one] = [new AbortController(), new AbortController()];
    const calls = client(server.url, { signal: all.signal });
    await calls.infer(X, { signal: one.signal });
    expect(getEventListeners(all.signal, 'abort')).toEqual([]);
    expect(getEventListeners(one.signal, 'abort')).toEqual([]);
    setTimeout(() => all.abort(), 50);
    expect(await failure(calls.infer(X, { signal: one.signal }))).toMatchObject({ code: 'aborted' });
  });
});

test('sends to the path of the model and version, with headers of the client and of the call', async () => {
  const server = await FakeServer.start(answer);
  const calls = client(`${server.url}/some/where/`, { version: '1.2', headers: { Authorization: 'a', 'X-Id': '1' } });
  await calls.infer(X, { headers: { 'x-id': '2' } });
  const [{ url, headers }] = server.requests as [FakeServer['requests'][0]];
  expect(url).toBe('/some/where/v2/models/m/versions/1.2/infer');
  expect(headers).toMatchObject({
    authorization: 'a',
    'x-id': '2',
    'content-type': 'application/json',
    'accept-encoding': 'identity',
  });
  await client(server.url, { headers: { 'Accept-Encoding': 'gzip' } }).infer(X, {});
  expect(server.requests[1]!.headers['accept-encoding']).toBe('gzip');
});

test('ready is true, or false if the server is not ready or cannot be reached, or fails with an error', async () => {
  const server = await FakeServer.start(json(200, { ready: true }), refuse(503), refuse(404), hangUp, silence);
  const calls = client(server.url);
  expect(await calls.ready({})).toBe(true);
  expect(await calls.ready({})).toBe(false);
  expect(await failure(calls.ready({}))).toMatchObject({ code: 'invalid-request', status: 404 });
  expect(await calls.ready({})).toBe(false);
  expect(await calls.ready({ deadline: 500 })).toBe(false);
  expect(server.requests.map(({ url }) => url)).toEqual(Array(5).fill('/v2/models/m/ready'));
});

test.each<[string, object, string]>([
  ['unknown input', { ...X, z: 1 }, `unknown input "z"; the model's inputs are "x"`],
  ['no input', {}, 'input "x" is missing; the model expects FP32 [n, 2]'],
  ['shape', { x: { shape: [1, 3], data: [] } }, 'input "x" has shape [1, 3]; the model expects FP32 [n, 2]'],
  ['no shape', { x: { shape: [-1, 2], data: [] } }, 'input "x": shape must be an array of non-negative integers'],
  ['length', { x: { shape: [2, 2], data: [1, 2, 3] } }, 'input "x": data has 3 elements; shape [2, 2] needs 4'],
  [
    'another array',
    { x: { shape: [1, 2], data: new Float64Array(2) } },
    'input "x": data of FP32 must be a Float32Array or an array of numbers',
  ],
  ['not a number', { x: { shape: [1, 2], data: [1, '2'] } }, 'input "x": element 1 is "2", which is not a valid FP32'],
  ['too large', { x: { shape: [1, 2], data: [1e39, 2] } }, 'input "x": element 0 is 1e+39, which is not a valid FP32'],
])('checks inputs before it sends them: %s', async (_, inputs, message) => {
  const fetch = jest.fn();
  const error = await failure(client('http://x', { fetch }).infer(inputs, {}));
  expect(error).toMatchObject({ code: 'invalid-request', status: undefined, attempts: 0, message });
  expect(fetch).not.toHaveBeenCalled();
});

test('checks the names of requested outputs', async () => {
  const error = await failure(client('http://x').infer(X, { outputs: ['z'] }));
  expect(error.message).toBe(`unknown output "z"; the model's outputs are "y"`);
});

const y = (changes: object) => json(200, { outputs: [{ ...ANSWER.outputs[0], ...changes }] });

test.each([
  ['HTML', json(200, '<html>'), 'the answer is not JSON; is this the URL of the model server?'],
  ['other JSON', json(200, '[]'), 'the answer has no outputs; is this the URL of the model server?'],
  ['no such output', y({ name: 'z' }), 'the answer has no output "y"'],
  ['a datatype', y({ datatype: 'FP64' }), 'output "y" is FP64 [1]; this client was generated for FP32 [n]'],
  ['a shape', y({ shape: [1, 1] }), 'output "y" is FP32 [1, 1]; this client was generated for FP32 [n]'],
  ['too few elements', y({ data: [] }), 'the data of output "y" is not FP32 [1]'],
  ['invalid elements', y({ data: [null] }), 'the data of output "y" is not FP32 [1]'],
  [
    'missing bytes',
    y({ data: undefined, parameters: { binary_data_size: 4 } }),
    'output "y" has 0 bytes; FP32 of shape [1] has 4',
  ],
  [
    'a wrong header',
    json(200, ANSWER, { 'inference-header-content-length': '1000' }),
    `the answer has ${JSON.stringify(ANSWER).length} bytes, but Inference-Header-Content-Length is 1000`,
  ],
])('refuses an answer that does not match the types: %s', async (_, reply, message) => {
  const server = await FakeServer.start(reply);
  expect(await failure(client(server.url).infer(X, {}))).toMatchObject({
    code: 'invalid-answer',
    attempts: 1,
    message,
  });
});

test('quotes the beginning of an error that does not follow the protocol', async () => {
  const server = await FakeServer.start(json(502, `<h1>Bad gateway</h1>${' '.repeat(300)}.`));
  expect((await failure(client(server.url).infer(X, {}))).message).toBe(
    `the server answered 502: <h1>Bad gateway</h1>${' '.repeat(180)}`,
  );
});

test.each<[ClientOptions & CallOptions, string]>([
  [{ url: 'digits:8080' }, 'url is "digits:8080"; it must be an absolute URL such as "https://models.example.com"'],
  [{ url: '/v2' }, 'url is "/v2"; it must be an absolute URL such as "https://models.example.com"'],
  [
    { url: 'http://a:b@x' },
    'url contains a user name or password, which fetch rejects; set the authorization header instead',
  ],
  [{ url: 'http://x', retries: -1 }, 'retries is -1; it must be a non-negative integer'],
  [{ url: 'http://x', deadline: 0 }, 'deadline is 0; it must be a number of milliseconds above 0'],
])('refuses invalid options: %j', (options, message) => {
  expect(() => new Caller(MODEL, options)).toThrow(new TypeError(message));
});
