import { Caller } from '../../lib/client/runtime/caller';
import { classify, type ClassSpec } from '../../lib/client/runtime/classify';
import type { ClientOptions } from '../../lib/client/runtime/options';
import { PictureCaller } from '../../lib/client/runtime/picture-caller';
import { FakeServer, json, refuse, silence } from './fake-server';
import { failure } from './failure';

const MODEL = {
  name: 'm',
  inputs: [{ name: 'x', datatype: 'FP32', dimensions: ['n', 2] }],
  outputs: [
    { name: 'y', datatype: 'FP32', dimensions: ['n', 3] },
    { name: 'z', datatype: 'FP16', dimensions: ['n'] },
  ],
} as const;
const X = { x: { shape: [1, 2], data: [1, 2] } };
const SCORES: ClassSpec = { output: 'y', numbers: ['index', 'score'], names: ['no', 'yes', 'maybe'] };
const YES = { class: 'yes', index: 1, score: 0.9 };
const NO = { class: 'no', index: 0, score: 0.1 };
const IDENTITY = { model_name: 'm', model_version: '2' };
const answer = json(200, { ...IDENTITY, ...YES, classes: [YES, NO] });
const CLASSIFIED = { modelName: 'm', modelVersion: '2', ...YES, classes: [YES, NO] };

const caller = (url: string, options: Omit<ClientOptions, 'url'> = {}) =>
  new PictureCaller(MODEL, { url, protocol: 'json', ...options });

const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
const JPEG = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => jest.restoreAllMocks());

test('sends tensors like infer, and requests only the output of the classes', async () => {
  const server = await FakeServer.start(answer);
  expect(await classify(caller(server.url, { version: '2' }), SCORES, X, { deadline: 5000 })).toEqual(CLASSIFIED);
  const [{ url, headers, body }] = server.requests as [FakeServer['requests'][0]];
  expect([url, headers['content-type']]).toEqual(['/v2/models/m/versions/2/classify', 'application/json']);
  const { parameters, ...request } = JSON.parse(body.toString());
  expect(request).toEqual({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
    outputs: [{ name: 'y', parameters: { binary_data: false } }],
  });
  expect(parameters.timeout).toBeGreaterThan(4_000_000);
});

test.each<[string, Uint8Array | ArrayBuffer | Blob, Uint8Array, string]>([
  ['a Uint8Array', PNG, PNG, 'image/png'],
  ['part of a larger array', Uint8Array.of(0, ...JPEG, 0).subarray(1, 5), JPEG, 'image/jpeg'],
  ['an array in shared memory', shared(PNG), PNG, 'image/png'],
  ['an ArrayBuffer', JPEG.buffer, JPEG, 'image/jpeg'],
  ['a Blob', new Blob([PNG]), PNG, 'image/png'],
  ['a Blob with a type', new Blob([JPEG], { type: 'image/jpeg' }), JPEG, 'image/jpeg'],
  ['a File', new File([PNG], '7.png', { type: 'image/png' }), PNG, 'image/png'],
  ['nothing', new Uint8Array(), new Uint8Array(), 'image/png'],
])('sends a picture unchanged: %s', async (_, picture, bytes, type) => {
  const server = await FakeServer.start(answer);
  expect(await classify(caller(server.url), SCORES, picture, {})).toEqual(CLASSIFIED);
  const [{ url, headers, body }] = server.requests as [FakeServer['requests'][0]];
  expect([url, headers['content-type']]).toEqual(['/v2/models/m/classify', type]);
  expect(headers).not.toHaveProperty('inference-header-content-length');
  expect([...body]).toEqual([...bytes]);
});

test('infer sends a picture too, and returns the requested outputs', async () => {
  const outputs = [
    { name: 'z', datatype: 'FP16', shape: [1], parameters: { binary_data_size: 2 } },
    { name: 'y', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] },
  ];
  const head = JSON.stringify({ outputs });
  const server = await FakeServer.start((response) => {
    response.setHeader('inference-header-content-length', head.length);
    response.end(Buffer.concat([Buffer.from(head), Buffer.of(0, 0x3c)]));
  });
  expect(await caller(server.url).infer(PNG, { outputs: ['y'] })).toEqual({
    y: { shape: [1, 3], data: Float32Array.of(1, 2, 3) },
  });
  expect(await caller(server.url).infer(new Blob([PNG]), {})).toMatchObject({
    z: { shape: [1], data: Uint16Array.of(0x3c00) },
  });
  expect(server.requests[0]).toMatchObject({ url: '/v2/models/m/infer', headers: { 'content-type': 'image/png' } });
});

describe.each([
  ['tensors', X],
  ['bytes of a picture', PNG],
  ['a Blob', new Blob([PNG])],
])('of %s', (_, input) => {
  test('is retried after 429 and 503, after the time in Retry-After', async () => {
    const server = await FakeServer.start(refuse(429, { 'retry-after': '1' }), refuse(503), answer);
    expect(await classify(caller(server.url), SCORES, input, {})).toEqual(CLASSIFIED);
    const [first, second, third] = server.requests as [FakeServer['requests'][0], ...any[]];
    expect(second.at - first.at).toBeGreaterThan(985);
    expect(third.headers['content-type']).toBe(first.headers['content-type']);
    expect(third.body.length).toBeGreaterThanOrEqual(PNG.length);
  });

  test('ends at its deadline, by its signal, and after the maximum number of attempts', async () => {
    const quiet = await FakeServer.start(silence);
    const late = await failure(classify(caller(quiet.url), SCORES, input, { deadline: 100 }));
    expect(late).toMatchObject({ code: 'deadline', attempts: 1 });
    const aborted = await failure(classify(caller(quiet.url), SCORES, input, { signal: AbortSignal.abort() }));
    expect(aborted).toMatchObject({ code: 'aborted', attempts: 0 });
    const full = await FakeServer.start(refuse(429));
    const refused = await failure(classify(caller(full.url, { retries: 1 }), SCORES, input, {}));
    expect(refused).toMatchObject({ code: 'overloaded', status: 429, serverMessage: 'no', attempts: 2 });
  });
});

test('validates tensors before it sends them', async () => {
  const fetch = jest.fn();
  const call = classify(caller('http://x', { fetch }), SCORES, { x: { shape: [1, 3], data: [] } }, {});
  expect(await failure(call)).toMatchObject({
    code: 'invalid-request',
    message: 'input "x" has shape [1, 3]; the model expects FP32 [n, 2]',
    attempts: 0,
  });
  expect(fetch).not.toHaveBeenCalled();
});

test('treats a picture as tensors if the model accepts no pictures', async () => {
  const plain = new Caller(MODEL, { url: 'http://x' });
  expect((await failure(classify(plain, SCORES, PNG, {}))).message).toBe(
    `unknown input "0"; the model's inputs are "x"`,
  );
});

test.each<[string, ClassSpec, object, object]>([
  ['scores that JSON cannot represent', SCORES, { ...YES, score: 'NaN' }, { ...YES, score: NaN }],
  ['large scores', SCORES, { ...YES, score: 1e20 }, { ...YES, score: 1e20 }],
  ['an index', { output: 'y', numbers: ['index'] }, { class: '7', index: 7 }, { class: '7', index: 7 }],
  ['a label', { output: 'y', numbers: [] }, { class: '1234567890123456789' }, { class: '1234567890123456789' }],
  [
    'a label that is one of the names',
    { output: 'y', numbers: [] },
    { class: 'a', index: 1 },
    { class: 'a', index: 1 },
  ],
])('answers with %s', async (_, spec, given, told) => {
  const server = await FakeServer.start(json(200, { ...IDENTITY, ...given, classes: [given] }));
  expect(await classify(caller(server.url), spec, X, {})).toStrictEqual({
    modelName: 'm',
    modelVersion: '2',
    ...told,
    classes: [told],
  });
});

const of = (entry: unknown) => json(200, { ...IDENTITY, classes: [entry] });
const NONE = 'the answer has no class; is this the URL of the model server?';

test.each([
  ['HTML', json(200, '<html>'), 'the answer is not JSON; is this the URL of the model server?'],
  ['null', json(200, 'null'), NONE],
  ['no classes', json(200, { ...IDENTITY, ...YES, classes: [] }), NONE],
  ['no model', json(200, { ...YES, classes: [YES] }), NONE],
  ['no name', of({ index: 1, score: 1 }), NONE],
  [
    'another name',
    of({ ...YES, class: 'si' }),
    'class "si" of the answer is not one of the classes that this client was generated for',
  ],
  [
    'no score',
    of({ class: 'no', index: 0 }),
    'class "no" of the answer has no score; this client was generated for a model that returns the score',
  ],
])('rejects an answer that does not match the types: %s', async (_, reply, message) => {
  const server = await FakeServer.start(reply);
  expect(await failure(classify(caller(server.url), SCORES, X, {}))).toMatchObject({
    code: 'invalid-answer',
    attempts: 1,
    message,
  });
});

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
