import { Ajv2020 } from 'ajv/dist/2020';
import { openApiText } from '../../../inference-image/src/openapi/document';
import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { OnnxModel } from 'cdktf-model-serving';
import { openApiOf } from '../../../lib/openapi/openapi-file';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identity, node, value, type ModelParts } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';
import { temporaryFolder } from '../../support/temporary-folder';

temporaryFolder();

/** Model whose inputs share a symbol or have fixed sizes, and which has an output without a JSON form. */
const MIXED: ModelParts = {
  inputs: [
    value('ids', 'int64', ['batch', 2]),
    value('text', 'string', ['batch']),
    value('weight', 'float', [2, 1]),
    value('flags', 'bool', [null]),
  ],
  outputs: [
    value('same ids', 'int64', ['batch', 2]),
    value('same text', 'string', ['batch']),
    value('half', 'float16', [2, 1]),
    value('unset', 'bool', [null]),
    value('same weight', 'float', [2, 1]),
  ],
  nodes: [
    node('Identity', ['ids'], ['same ids']),
    node('Identity', ['text'], ['same text']),
    node('Identity', ['weight'], ['same weight']),
    node('Cast', ['weight'], ['half'], { attributes: { to: 10 } }),
    node('Not', ['flags'], ['unset']),
  ],
};

const CARD = { title: 'Mixed', license: 'MIT' };

let server: ServerProcess;
let document: any;
const ajv = new Ajv2020({ strict: false });

/** Copies JSON from fetch into jest's realm, because ajv treats arrays of different realms as unequal. */
const ownRealm = (json: unknown) => JSON.parse(JSON.stringify(json));

/** Validates a value against a part of the document, and returns the errors. */
function errorsOf(pointer: string, instance: unknown): unknown[] {
  const validate = ajv.compile({ $ref: `document#${pointer}` });
  return validate(ownRealm(instance)) ? [] : validate.errors!;
}

const schemaOf = (path: string, method: string, status: number) => {
  const operation = `/paths/${path.replaceAll('/', '~1')}/${method}`;
  const response = document.paths[path][method].responses[status];
  const at = response.$ref ? response.$ref.slice(1) : `${operation}/responses/${status}`;
  return `${at}/content/application~1json/schema`;
};

beforeAll(async () => {
  server = await ServerProcess.start(
    MIXED,
    {},
    {
      name: 'mixed',
      version: '2',
      edit: (manifest) => Object.assign(manifest, { properties: CARD }),
    },
  );
  document = ownRealm((await server.get('/openapi.json')).body);
  ajv.addSchema(document, 'document');
});

describe('GET /openapi.json', () => {
  test('returns the document of the library', async () => {
    const manifest = JSON.parse(readFileSync(join(server.folder, 'model.json'), 'utf8')) as ModelManifest;
    const model = OnnxModel.fromFile(join(server.folder, 'model.onnx'), {
      name: 'mixed',
      version: '2',
      card: CARD,
      runtimeCheck: 'skip',
    });
    const reply = await fetch(`${server.url}/openapi.json`);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(await reply.text()).toBe(openApiOf(model));
    expect(openApiText(manifest)).toBe(openApiOf(model));
  });

  test('answers HEAD without a body, and refuses other methods', async () => {
    const head = await fetch(`${server.url}/openapi.json`, { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length')) > 10_000, await head.text()]).toEqual([
      200,
      true,
      '',
    ]);
    for (const method of ['POST', 'OPTIONS', 'DELETE']) {
      const { status, headers } = await server.get('/openapi.json', { method });
      expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });
});

test('each operation answers as documented', async () => {
  for (const [path, item] of Object.entries<any>(document.paths)) {
    const method = item.get ? 'get' : 'post';
    if (path.endsWith('/infer')) continue;
    const { status, body } = await server.get(path, { method: method.toUpperCase() });
    expect([path, status]).toEqual([path, /\/(un)?load$/.test(path) ? 400 : 200]);
    expect([path, errorsOf(schemaOf(path, method, status), body)]).toEqual([path, []]);
    const wrong = await server.get(path, { method: 'PATCH' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, method === 'get' ? 'GET, HEAD' : 'POST']);
    expect(errorsOf(schemaOf(path, method, 405), wrong.body)).toEqual([]);
  }
});

const ids = { name: 'ids', datatype: 'INT64', shape: [1, 2], data: [1, 2] };
const text = { name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] };
const weight = { name: 'weight', datatype: 'FP32', shape: [2, 1], data: [0.5, 'NaN'] };
const flags = { name: 'flags', datatype: 'BOOL', shape: [3], data: [true, 0, 1] };
const inputs = [ids, text, weight, flags];
const outputs = [{ name: 'unset' }, { name: 'same ids' }];
const request = { inputs, outputs };

const without = (name: string) => inputs.filter((input) => input.name !== name);
const withInput = (change: object & { name: string }) => ({
  ...request,
  inputs: inputs.map((input) => (input.name === change.name ? { ...input, ...change } : input)),
});

const REQUEST = '/components/schemas/InferRequest';
const INFER = '/v2/models/mixed/infer';
const post = (body: unknown) => server.infer(body, { path: INFER });

describe('requests that match the document are answered, and their answers match it', () => {
  test.each<[string, object]>([
    ['unchanged', request],
    ['in a different order', { ...request, inputs: inputs.toReversed() }],
    ['nested', withInput({ name: 'ids', data: [[1, 2]] } as any)],
    [
      'without rows',
      {
        ...withInput({ name: 'ids', shape: [0, 2], data: [] } as any),
        inputs: [{ ...ids, shape: [0, 2], data: [] }, { ...text, shape: [0], data: [] }, weight, flags],
      },
    ],
    [
      'with null for all optional fields',
      { ...request, id: null, parameters: null, inputs: inputs.map((input) => ({ ...input, parameters: null })) },
    ],
    ['with parameters', { ...request, id: 'a', parameters: { timeout: 60_000_000, priority: 1, mine: 'x' } }],
    ['with unknown fields', { ...request, more: {} }],
    ['infinite', withInput({ name: 'weight', data: ['-Infinity', 'Infinity'] } as any)],
    ['of the largest float', withInput({ name: 'weight', data: [3.4028235677973362e38, -1e-50] } as any)],
  ])('%s', async (_, body) => {
    expect(errorsOf(REQUEST, body)).toEqual([]);
    const reply = await post(body);
    expect([reply.status, reply.body.error]).toEqual([200, undefined]);
    expect(errorsOf(schemaOf(INFER, 'post', 200), reply.body)).toEqual([]);
  });

  test.each([
    ['all of them', { inputs, parameters: { binary_data_output: true } }],
    ['one', { inputs, outputs: [{ name: 'half', parameters: { binary_data: true } }, { name: 'unset' }] }],
  ])('as binary data, %s', async (_, body) => {
    expect(errorsOf(REQUEST, body)).toEqual([]);
    const { status, headers } = await post(body);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
    expect(Number(headers.get('inference-header-content-length'))).toBeGreaterThan(0);
  });

  test('the example', async () => {
    const { value: example } = document.paths[INFER].post.requestBody.content['application/json'].examples.valid;
    expect(errorsOf(REQUEST, { ...example, outputs })).toEqual([]);
    expect((await post({ ...example, outputs })).status).toBe(200);
  });
});

describe('requests that do not match the document are rejected', () => {
  test.each<[string, unknown]>([
    ['not an object', []],
    ['no inputs', {}],
    ['an input is missing', { ...request, inputs: without('flags') }],
    ['an input is sent twice', { ...request, inputs: [...without('flags'), ids] }],
    ['an unknown input', { ...request, inputs: [...without('flags'), { ...flags, name: 'flag' }] }],
    ['a different datatype', withInput({ name: 'ids', datatype: 'INT32' } as any)],
    ['another rank', withInput({ name: 'ids', shape: [2] } as any)],
    ['a wrong fixed size', withInput({ name: 'weight', shape: [1, 2] } as any)],
    ['a negative size', withInput({ name: 'flags', shape: [-1] } as any)],
    ['too few elements of a fixed shape', withInput({ name: 'weight', data: [1] } as any)],
    ['wrong nesting', withInput({ name: 'weight', data: [[1, 2]] } as any)],
    ['a fraction', withInput({ name: 'ids', data: [1, 2.5] } as any)],
    ['a float beyond 32 bits', withInput({ name: 'weight', data: [1, 3.4028235677973366e38] } as any)],
    ['a string that is not a number', withInput({ name: 'weight', data: [1, 'nan'] } as any)],
    ['a number instead of a boolean', withInput({ name: 'flags', data: [0, 1, 2] } as any)],
    ['U+0000', withInput({ name: 'text', data: ['a\0'] } as any)],
    ['no data', withInput({ name: 'text', data: null } as any)],
    ['missing binary data', withInput({ name: 'text', parameters: { binary_data_size: 5 } } as any)],
    ['an unknown output', { ...request, outputs: [{ name: 'other' }] }],
    ['an output twice', { ...request, outputs: [{ name: 'unset' }, { name: 'unset' }] }],
    ['an output that has no JSON form', { inputs }],
    ['an output that has no JSON form, by name', { inputs, outputs: [{ name: 'half' }] }],
    ['a wrong id', { ...request, id: 5 }],
    ['an invalid parameter', { ...request, parameters: { mine: null } }],
    ['a negative timeout', { ...request, parameters: { timeout: -1 } }],
  ])('%s', async (_, body) => {
    expect(errorsOf(REQUEST, body)).not.toEqual([]);
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expect(errorsOf(schemaOf(INFER, 'post', 400), reply.body)).toEqual([]);
  });

  test.each([
    [415, { 'content-encoding': 'br' }],
    [403, { origin: 'https://elsewhere.example' }],
  ])('by their headers: %d', async (status, headers) => {
    const reply = await server.infer(JSON.stringify(request), { path: INFER, headers: { ...headers } });
    expect(reply.status).toBe(status);
    expect(errorsOf(schemaOf(INFER, 'post', status), reply.body)).toEqual([]);
  });
});

test('a server that is not ready answers as its document specifies', async () => {
  const refused = await ServerProcess.start(identity('float', ['n']), { expectedSha256: '0'.repeat(64) });
  document = ownRealm((await refused.get('/openapi.json')).body);
  ajv.removeSchema('document').addSchema(document, 'document');
  for (const path of ['/v2/health/ready', '/v2/models/m/ready', '/v2/models/m/infer']) {
    const method = path.endsWith('infer') ? 'post' : 'get';
    const { status, headers, body } = await refused.get(path, { method: method.toUpperCase() });
    expect([path, status, headers.get('retry-after')]).toEqual([path, 503, '1']);
    expect(errorsOf(schemaOf(path, method, 503), body)).toEqual([]);
  }
});
