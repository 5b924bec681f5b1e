import { deflateSync, gzipSync } from 'node:zlib';
import { binaryBomb, jsonBomb, packedSometimes } from './bombs';
import { mutateBytes } from './bytes';
import type { HttpCase } from './cases';
import {
  binaryMessage,
  binaryRequest,
  goodMessage,
  httpBytes,
  INFER_PATH,
  jsonMessage,
  jsonRequest,
  type HttpMessage,
} from './http-message';
import { mutateJson } from './json';
import type { FuzzModel } from './models';
import type { Random } from './random';
import { MAX_REQUEST_BYTES } from './target';

type Maker = (random: Random, model: FuzzModel) => Omit<HttpCase, 'kind' | 'model'>;

const MAKERS: readonly Maker[] = [
  ...new Array<Maker>(6).fill((random, model) => whole(wrongJson(random, model))),
  ...new Array<Maker>(3).fill((random, model) => whole(wrongBinary(random, model))),
  ...new Array<Maker>(2).fill((random, model) => whole(wrongHeaders(random, model))),
  (random, model) => whole(wrongCompression(random, model)),
  ...new Array<Maker>(2).fill((random, model) => whole(oddPath(random, model))),
  (random, model) => whole(bomb(random, model)),
  wrongFraming,
  wrongAfterRight,
  wrongBytes,
];

export function httpCase(random: Random, index: number, model: FuzzModel): HttpCase {
  const made = random.chance(0.002) ? whole(large(random, model)) : random.pick(MAKERS)(random, model);
  const pauseAt = random.chance(0.1) ? random.below(made.bytes.length) : undefined;
  return { kind: 'http', model: index, pauseAt, ...made };
}

/** Turns a message into a case with valid HTTP framing. */
function whole(message: HttpMessage): Omit<HttpCase, 'kind' | 'model'> {
  return { bytes: httpBytes(message), then: 'reply', head: message.method === 'HEAD' };
}

function wrongJson(random: Random, model: FuzzModel): HttpMessage {
  const text = mutateJson(random, jsonRequest(model) ?? binaryRequest(model));
  if (random.chance(0.7)) return jsonMessage(text);
  return { ...jsonMessage(''), body: mutateBytes(random, Buffer.from(text)) };
}

/** A body that is too large to be decoded on the main thread. */
const LARGE = Buffer.from(
  `{"inputs":[{"name":"x","datatype":"FP32","shape":[300000],"data":[${'1.5,'.repeat(299_999)}1]}]}`,
);

function large(random: Random, model: FuzzModel): HttpMessage {
  const message = jsonMessage('');
  if (random.chance(0.8)) return { ...message, body: mutateBytes(random, LARGE) };
  const text = mutateJson(random, jsonRequest(model) ?? binaryRequest(model));
  return { ...message, body: Buffer.from(text + ' '.repeat(LARGE.length)) };
}

function wrongBinary(random: Random, model: FuzzModel): HttpMessage {
  const right = binaryRequest(model);
  const text = random.chance(0.5) ? mutateJson(random, right) : JSON.stringify(right);
  const data = Buffer.concat(model.inputs.map(({ bytes }) => bytes));
  const wrong = random.chance(0.7) ? mutateBytes(random, data) : data;
  // The body of a raw request is the tensor itself.
  if (random.chance(0.2)) return binaryMessage('', wrong, 0);
  const length = Buffer.byteLength(text);
  const odd = [length - 1, length + 1, length + data.length, 0, -1, 1e9, 2 ** 53, '', '1e3', '0x10', '1,1', ' 7'];
  return binaryMessage(text, wrong, random.chance(0.7) ? length : random.pick(odd));
}

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'content-type': [
    '',
    ' ',
    'text/plain',
    'application/json; charset=utf-16',
    'application/jsonx',
    'a/b/c',
    '\xff',
    ';',
  ],
  'content-encoding': ['', 'gzip', 'br', 'identity', 'gzip, gzip', 'GZIP', 'deflate', '__proto__', '\xe9', 'zstd'],
  'accept-encoding': ['', 'gzip;q=NaN', 'gzip;q=', ';;,,', 'q=1', '*', 'gzip;q=1e9', 'deflate;q=-1', '\xff'],
  'inference-header-content-length': ['', '0', '1', '-1', '1e3', 'NaN', '99999999999999999999', '1, 1', '__proto__'],
  expect: ['100-continue', '200-ok', ''],
  traceparent: ['', '00-0-0-0', '\xff', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`],
  host: ['', 'other', '\xff', 'a:b:c'],
  connection: ['close', 'upgrade', 'keep-alive, close', ''],
  upgrade: ['websocket', 'h2c', ''],
  cookie: ['a'.repeat(4000)],
  ['__proto__']: ['x'],
  constructor: ['x'],
  'x-method-override': ['DELETE'],
};

function wrongHeaders(random: Random, model: FuzzModel): HttpMessage {
  const right = goodMessage(model, model.output.json && random.chance(0.5) ? 'json' : 'binary');
  const added = Array.from({ length: 1 + random.below(2) }, () => {
    const [name, values] = random.pick(Object.entries(HEADERS));
    return [name, random.pick(values)] as const;
  });
  return { ...right, headers: random.chance(0.5) ? [...right.headers, ...added] : [...added, ...right.headers] };
}

/** Compressed zeros that expand to eight times the maximum request size. */
const BOMB = gzipSync(Buffer.alloc(8 * MAX_REQUEST_BYTES));

function wrongCompression(random: Random, model: FuzzModel): HttpMessage {
  const right = goodMessage(model, model.output.json ? 'json' : 'binary');
  const [coding, compress] = random.pick([['gzip', gzipSync] as const, ['deflate', deflateSync] as const]);
  const packed = compress(right.body);
  const body = random.pick([
    () => mutateBytes(random, packed),
    () => packed.subarray(0, random.below(packed.length)),
    () => Buffer.concat([packed, packed]),
    () => compress(packed),
    () => compress(mutateBytes(random, right.body)),
    () => random.bytes(random.below(100)),
    () => BOMB,
  ])();
  return { ...right, headers: [...right.headers, ['content-encoding', coding]], body };
}

/** Request whose body takes much work per byte to decode, for any route that accepts a body. */
function bomb(random: Random, model: FuzzModel): HttpMessage {
  const { json, data } = binaryBomb(random, model);
  const message = random.chance(0.3) ? binaryMessage(json, data) : { ...jsonMessage(''), body: jsonBomb(random) };
  const { body, isPacked } = packedSometimes(random, message.body);
  const path = random.chance(0.8) ? message.path : random.pick(PATHS.filter((each) => each.includes('repository')));
  const headers = isPacked ? ([...message.headers, ['content-encoding', 'gzip']] as const) : message.headers;
  return { ...message, path, headers, body };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH', 'QUERY'];
const PATHS = [
  ...['/', '/v2', '/v2/', '/v2/health/live', '/v2/health/ready', '/v2/models/stats', '/v2/repository/index'],
  ...['', '/', '/ready', '/config', '/stats', '/infer', '/infer/', '/versions/1/infer', '/versions/2/infer'].map(
    (suffix) => `/v2/models/m${suffix}`,
  ),
  ...['load', 'unload'].map((action) => `/v2/repository/models/m/${action}`),
];
const ODD_PARTS = [
  ...[
    '%',
    '%2',
    '%zz',
    '%00',
    '%2f',
    '%ff',
    '%c0%af',
    '..',
    '/../',
    '//',
    '?',
    '?a=b&a',
    '#x',
    ';',
    '\\',
    '*',
    ':model',
  ],
  ...['__proto__', 'constructor', '\xff', '\xc3\xbc', 'x'.repeat(1500), '%25', '@', 'http://m/v2'],
];

function oddPath(random: Random, model: FuzzModel): HttpMessage {
  let path = random.pick(PATHS);
  if (random.chance(0.7)) {
    const at = random.below(path.length + 1);
    path = path.slice(0, at) + random.pick(ODD_PARTS) + (random.chance(0.5) ? path.slice(at) : '');
  }
  const body = random.pick(['', '{}', '{"ready":1}', '{"ready":true}', '[', 'null', '{"parameters":[]}', '\xff']);
  const headers = random.chance(0.5) ? ([['content-type', 'application/json']] as const) : [];
  const method = random.pick(METHODS);
  if (method === 'POST' && random.chance(0.2)) return { ...goodMessage(model, 'binary'), path };
  return { method, path, headers, body: Buffer.from(method === 'HEAD' ? '' : body, 'latin1') };
}

/** A case with invalid lengths, chunks or versions. */
function wrongFraming(random: Random, model: FuzzModel): Omit<HttpCase, 'kind' | 'model'> {
  const right = goodMessage(model, model.output.json ? 'json' : 'binary');
  const { length } = right.body;
  const chunked = (body: string | Buffer, ...more: [string, string][]): Buffer => {
    const headers = [...right.headers, ['transfer-encoding', 'chunked'] as const, ...more];
    return Buffer.concat([httpBytes({ ...right, headers, body: Buffer.alloc(0) }, undefined), toBuffer(body)]);
  };
  const chunks = Buffer.concat([Buffer.from(`${length.toString(16)}\r\n`), right.body, Buffer.from('\r\n0\r\n\r\n')]);
  const withHeader = (name: string, value: string) =>
    httpBytes({ ...right, headers: [...right.headers, [name, value]] });
  const bytes = random.pick([
    () => httpBytes(right, length + 1 + random.below(9)),
    () => httpBytes(right, random.below(length)),
    () => httpBytes(right, random.pick([-1, NaN, 1e21, 2 ** 53, MAX_REQUEST_BYTES + 1])),
    () => withHeader('content-length', String(length + random.below(2))),
    () => withHeader('transfer-encoding', random.pick(['chunked', 'identity', 'gzip, chunked', 'x'])),
    () => chunked(chunks),
    () => chunked(mutateBytes(random, chunks)),
    () => chunked(`${random.pick(['g', '-1', 'ffffffffffffffff', '', '1;x=y', '0'])}\r\n{\r\n0\r\n\r\n`),
    () => chunked('0\r\nx: y\r\n\r\n', ['trailer', 'x']),
    () => Buffer.from(`POST ${INFER_PATH} HTTP/${random.pick(['1.0', '0.9', '2.0', '1.1', 'x'])}\r\n\r\n`),
    () =>
      Buffer.from(
        `${random.pick(['CONNECT m:1', 'GET *', 'GET', 'PRI *', 'M-SEARCH /v2'])} HTTP/1.1\r\nhost: m\r\n\r\n`,
      ),
    () => withHeader('x', 'y'.repeat(20_000)),
    () => httpBytes({ ...right, headers: Array.from({ length: 2100 }, (_, i) => [`h${i}`, '']) }),
    () => httpBytes({ ...right, body: Buffer.alloc(MAX_REQUEST_BYTES + 1, '[') }),
  ])();
  return { bytes, then: random.chance(0.1) ? 'reset' : 'end' };
}

/** Several pipelined requests, of which only the last is invalid. */
function wrongAfterRight(random: Random, model: FuzzModel): Omit<HttpCase, 'kind' | 'model'> {
  const good = httpBytes(goodMessage(model, model.output.json ? 'json' : 'binary'));
  const right = 1 + random.below(4);
  const last = random.pick([
    () => mutateBytes(random, good),
    () => good.subarray(0, random.below(good.length)),
    () => random.bytes(random.below(40)),
    () => wrongFraming(random, model).bytes,
  ])();
  // Such a request closes its connection at once, so replies that the client has not read may be lost. After CONNECT,
  // Node causes this; after a body that is too large, TCP does.
  const closes = last.toString('latin1', 0, 7) === 'CONNECT' || last.length > MAX_REQUEST_BYTES;
  if (closes) return { bytes: last, then: 'end' };
  return { bytes: Buffer.concat([...new Array<Buffer>(right).fill(good), last]), then: 'end', right };
}

function wrongBytes(random: Random, model: FuzzModel): Omit<HttpCase, 'kind' | 'model'> {
  const bytes = random.chance(0.1)
    ? random.bytes(random.below(200))
    : mutateBytes(random, httpBytes(goodMessage(model, 'binary')));
  return { bytes, then: random.chance(0.1) ? 'reset' : 'end' };
}

function toBuffer(body: string | Buffer): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : body;
}
