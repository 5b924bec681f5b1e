import { gzipSync } from 'node:zlib';
import { FRAME, frame, grpcMessage } from '../support/http2-frames';
import { packedSometimes, protoBomb } from './bombs';
import { mutateBytes } from './bytes';
import type { BytesCase, GrpcCase } from './cases';
import { encodeInfer, INFER, inferRequest, PROTO_ROOT } from './grpc-message';
import type { FuzzModel } from './models';
import type { Random } from './random';
import { MAX_REQUEST_BYTES } from './target';

type Made = Pick<GrpcCase, 'body'> & Partial<Pick<GrpcCase, 'path' | 'headers' | 'then'>>;
type Maker = (random: Random, model: FuzzModel) => Made;

const MAKERS: readonly Maker[] = [
  ...new Array<Maker>(5).fill((random, model) => ({ body: grpcMessage(wrongRequest(random, model)) })),
  ...new Array<Maker>(2).fill((random, model) => ({
    body: grpcMessage(mutateBytes(random, encodeInfer(inferRequest(model)))),
  })),
  (random) => ({ body: grpcMessage(random.bytes(random.below(64))) }),
  wrongFrame,
  wrongHeaders,
  otherMethod,
  otherMethod,
  stream,
  bomb,
];

export function grpcCase(random: Random, index: number, model: FuzzModel): GrpcCase {
  const then = random.chance(0.02) ? 'cancel' : 'reply';
  return { kind: 'grpc', model: index, path: INFER, headers: {}, then, ...random.pick(MAKERS)(random, model) };
}

const ODD_SIZES = ['-1', '0', '4294967296', '9223372036854775807', '-9223372036854775808', '9007199254740993', '2'];
const ODD_NAMES = ['', 'x', 'a', '__proto__', 'constructor', 'toString', '\u0000', '💩', 'x'.repeat(3000)];
const DATATYPES = ['', 'FP32', 'FP16', 'BYTES', 'INT64', 'UINT64', 'BOOL', 'INT8', 'fp32', 'BF16', 'constructor'];
const CONTENTS = ['bool', 'int', 'int64', 'uint', 'uint64', 'fp32', 'fp64', 'bytes'];
const PARAMETERS = ['binary_data', 'timeout', 'priority', 'classification', 'shared_memory_region', '__proto__', 'x'];
const VALUES = [{ int64_param: -1 }, { string_param: '\u0000' }, { bool_param: true }, { double_param: NaN }, {}];

const WRONGS: readonly ((request: any, random: Random, input: any) => void)[] = [
  (request, random) => (request.model_name = random.pick(ODD_NAMES)),
  (request, random) => (request.model_version = random.pick(ODD_NAMES)),
  (request) => (request.inputs = []),
  (request, _random, input) => request.inputs.push(input),
  (request) => request.inputs.reverse(),
  (request) => (request.raw_input_contents = []),
  (request, random) => request.raw_input_contents.push(random.bytes(random.below(9))),
  (request, random) => {
    const [first = Buffer.alloc(1)] = request.raw_input_contents;
    request.raw_input_contents[0] = mutateBytes(random, first);
  },
  (_request, random, input) => (input.name = random.pick(ODD_NAMES)),
  (_request, random, input) => (input.datatype = random.pick(DATATYPES)),
  (_request, random, input) => (input.shape = Array.from({ length: random.below(5) }, () => random.pick(ODD_SIZES))),
  (_request, random, input) => (input.shape = new Array(random.below(2000)).fill(random.pick(['0', '1']))),
  (_request, random, input) => (input.parameters = { [random.pick(PARAMETERS)]: random.pick(VALUES) }),
  (request, random) => (request.parameters = { [random.pick(PARAMETERS)]: random.pick(VALUES) }),
  (request, random) => (request.outputs = [{ name: random.pick([...ODD_NAMES, 'y', 'sum']) }]),
  (request) => (request.outputs = [{ name: 'y' }, { name: 'y' }]),
  (request, random, input) => {
    if (random.chance(0.8)) request.raw_input_contents = [];
    input.contents = contents(random);
  },
];

function wrongRequest(random: Random, model: FuzzModel): Buffer {
  const request = inferRequest(model);
  for (let times = 1 + random.below(2); times > 0; times--) {
    random.pick(WRONGS)(request, random, random.pick<any>(request.inputs) ?? {});
  }
  return encodeInfer(request);
}

function contents(random: Random): object {
  const kinds = Array.from({ length: 1 + random.below(2) }, () => random.pick(CONTENTS));
  return Object.fromEntries(
    kinds.map((kind) => {
      const number = random.pick([0, 1, 255, 65536]);
      const element = kind === 'bytes' ? random.bytes(random.below(6)) : kind === 'bool' ? true : number;
      return [`${kind}_contents`, new Array(random.below(5)).fill(element)];
    }),
  );
}

/** Call whose frame has a wrong prefix, or is incomplete, missing or repeated. */
function wrongFrame(random: Random, model: FuzzModel): Made {
  const message = encodeInfer(inferRequest(model));
  const { length } = message;
  return {
    body: random.pick([
      () => Buffer.alloc(0),
      () => message,
      () => grpcMessage(message, { length: length + 1 + random.below(9) }),
      () => grpcMessage(message, { length: random.below(length) }),
      () => grpcMessage(message, { length: random.pick([2 ** 32 - 1, 2 ** 31, MAX_REQUEST_BYTES + 1]) }),
      () => grpcMessage(message, { flag: 1 + random.below(255) }),
      () => grpcMessage(message).subarray(0, random.below(length + 5)),
      () => Buffer.concat([grpcMessage(message), grpcMessage(message)]),
      () => Buffer.concat([grpcMessage(message), random.bytes(1 + random.below(9))]),
      () => grpcMessage(Buffer.alloc(MAX_REQUEST_BYTES + 1)),
    ])(),
  };
}

const BOMB = gzipSync(Buffer.alloc(8 * MAX_REQUEST_BYTES));

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  'content-type': ['', 'text/plain', 'application/grpc+json', 'application/grpc;x', 'application/json'],
  'grpc-timeout': ['', '0n', '1n', '-1S', '99999999H', '100000000000S', 'x', '5'],
  'grpc-encoding': ['gzip', 'deflate', 'identity', 'br', '', '__proto__', 'snappy'],
  'grpc-accept-encoding': ['', 'br', 'gzip,,', '__proto__'],
  'x-bin': ['', '!', 'AAA', 'AAAA,AAAA'],
  'user-agent': ['', 'x'.repeat(4000)],
  traceparent: ['', '00-0-0-0'],
  'grpc-status': ['0', '13'],
  [':authority']: ['', 'other'],
  [':method']: ['GET', 'PUT', 'DELETE'],
};

function wrongHeaders(random: Random, model: FuzzModel): Made {
  const message = encodeInfer(inferRequest(model));
  const body = random.pick([
    () => grpcMessage(message),
    () => grpcMessage(gzipSync(message), { flag: 1 }),
    () => grpcMessage(mutateBytes(random, gzipSync(message)), { flag: 1 }),
    () => grpcMessage(BOMB, { flag: 1 }),
  ])();
  const [name, values] = random.pick(Object.entries(HEADERS));
  return { headers: { [name]: random.pick(values), ...(random.chance(0.3) && { 'grpc-encoding': 'gzip' }) }, body };
}

const METHODS = [
  'inference.GRPCInferenceService',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
].flatMap((name) => PROTO_ROOT.lookupService(name).methodsArray.map((method) => `/${name}/${method.name}`));
const NO_METHODS = [
  '/',
  '/x',
  '/x/y',
  '//',
  '/inference.GRPCInferenceService/',
  '/__proto__/constructor',
  '/%',
  '*',
  '',
];
const SYMBOLS = [
  '',
  '.',
  'inference',
  'inference.ModelInferRequest',
  'grpc.health.v1.Health.Check',
  '__proto__',
  '..x',
];

/** Call of a method other than ModelInfer. Most messages begin with a string, as the messages of most methods do. */
function otherMethod(random: Random): Made {
  if (random.chance(0.1)) return { path: random.pick(NO_METHODS), body: grpcMessage(random.bytes(random.below(9))) };
  const text = Buffer.from(random.pick([...ODD_NAMES, ...SYMBOLS, 'm']).slice(0, 100));
  const field = Buffer.concat([Buffer.of((1 + random.below(8)) * 8 + 2, text.length), text]);
  const message = random.pick([
    () => field,
    () => mutateBytes(random, field),
    () => Buffer.concat([field, field]),
    () => random.bytes(random.below(32)),
  ])();
  const path = random.pick(METHODS);
  // A call of Watch does not end on its own.
  return { path, body: grpcMessage(message), ...(path.endsWith('/Watch') && { then: 'cancel' }) };
}

function bomb(random: Random): Made {
  const { body, isPacked } = packedSometimes(random, protoBomb(random));
  const path = random.chance(0.8) ? INFER : random.pick(METHODS);
  const headers: Record<string, string> = isPacked ? { 'grpc-encoding': 'gzip' } : {};
  // A call of Watch does not end on its own.
  const then = path.endsWith('/Watch') ? 'cancel' : 'reply';
  return { path, headers, body: grpcMessage(body, { flag: isPacked ? 1 : 0 }), then };
}

function stream(random: Random, model: FuzzModel): Made {
  const frames = Array.from({ length: random.below(6) }, () =>
    grpcMessage(random.chance(0.8) ? wrongRequest(random, model) : random.bytes(random.below(20))),
  );
  const body = Buffer.concat(frames);
  const path = `${INFER.slice(0, -'ModelInfer'.length)}ModelStreamInfer`;
  return { path, body: random.chance(0.1) && body.length > 0 ? mutateBytes(random, body) : body };
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const SETTINGS = frame(FRAME.settings, 0, 0);

/** Bytes that are not HTTP/2, or are invalid HTTP/2. */
export function bytesCase(random: Random, model: number): BytesCase {
  const frames = () =>
    Array.from({ length: 1 + random.below(4) }, () =>
      frame(
        random.below(12),
        random.below(256),
        random.pick([0, 1, 2, 3, 2 ** 31 - 1]),
        random.bytes(random.below(40)),
      ),
    );
  const bytes = random.pick([
    () => random.bytes(random.below(200)),
    () => Buffer.from('POST /v2/models/m/infer HTTP/1.1\r\nhost: m\r\ncontent-length: 2\r\n\r\n{}'),
    () => mutateBytes(random, PREFACE),
    () => Buffer.concat([PREFACE, random.bytes(random.below(100))]),
    () => Buffer.concat([PREFACE, SETTINGS, ...frames()]),
    () => mutateBytes(random, Buffer.concat([PREFACE, SETTINGS, ...frames()])),
    () => Buffer.of(0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0),
    () => Buffer.alloc(0),
  ])();
  return { kind: 'bytes', model, bytes };
}
