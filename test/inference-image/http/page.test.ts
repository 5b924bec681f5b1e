import { createHash } from 'node:crypto';
import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { PICTURE } from '../../support/picture-input';
import { identity } from '../../support/onnx-builder';
import { type Reply, ServerProcess } from '../../support/server';

const floats = (...data: number[]) => ({ datatype: 'FP32' as const, shape: [data.length], data });
const float = { ...floats(1.5, -2, 3), name: 'x' };
const example = (name: string, x: object, y: object = { ...x, name: 'y' }) =>
  ({ name, request: { inputs: [x] }, response: { outputs: [y] } }) as any;

describe('enabled', () => {
  let server: ServerProcess;
  let page: Reply;
  beforeAll(async () => {
    server = await ServerProcess.start(identity('float', ['n']), { page: true }, { examples: [example('a', float)] });
    page = await server.get('/');
  });

  test('is one HTML document', () => {
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.body.toString()).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
    expect(page.body.toString()).not.toMatch(/<(link|script|img)[^>]* (src|href)="(?!data:,")/);
    expect(page.body.length).toBeLessThan(32_000);
  });

  test('allows a browser to load only its own content and this server', () => {
    const hashOf = (tag: string) => {
      const content = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(page.body.toString())![1]!;
      return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    };
    expect(page.headers.get('content-security-policy')!.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf('script')}`,
      `style-src ${hashOf('style')}`,
      'img-src data:',
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-cache');
  });

  test('has no handlers or styles in attributes', () => {
    expect(page.body.toString().replace(/<(style|script)>[^]*?<\/\1>/g, '')).not.toMatch(/ (on\w+|style)=/);
  });

  test('HEAD is GET without a body; other methods are refused', async () => {
    const { status, headers } = await fetch(server.url, { method: 'HEAD' });
    expect([status, headers.get('content-length')]).toEqual([200, String(page.body.length)]);
    const refused = await server.get('/', { method: 'POST' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('golden examples are requests with their expected answers', async () => {
    const { body, headers } = await server.get('/page/examples.json');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const { expected, ...rest } = body.examples[0];
    expect(rest).toEqual({ name: 'a', request: { inputs: [float] } });
    expect(expected).toEqual([{ ...float, name: 'y', tolerance: { absolute: 1e-5, relative: 1e-4 } }]);
    const answer = await server.infer(rest.request);
    expect(answer.body.outputs[0].data).toEqual(expected[0].data);
  });
});

test.each(['/', '/page/examples.json'])('GET %s is not found unless the page is enabled', async (path) => {
  const server = await ServerProcess.start(identity('float', ['n']));
  const { status, body } = await server.get(path);
  expect([status, body]).toEqual([404, { error: `no such path: ${path}` }]);
});

async function examplesOf(...[parts, options]: [Parameters<typeof ServerProcess.start>[0], object]): Promise<string> {
  const server = await ServerProcess.start(parts, { page: true }, options);
  return (await fetch(`${server.url}/page/examples.json`)).text();
}

test('supports a model without golden examples', async () => {
  expect(await examplesOf(identity('float', ['n']), {})).toBe('{"examples":[]}');
});

test.each([
  ['a model with classes', { output: 'y', kind: 'index', softmax: false }, 'classify'],
  ['a model without classes', undefined, 'infer'],
])('reports the action for pictures: %s', async (_name, classes, pictures) => {
  const edit = (manifest: ModelManifest) => void Object.assign(manifest, { image: PICTURE, classes });
  expect(await examplesOf(identity('uint8', ['n', 2, 2, 3]), { edit })).toBe(
    `{"examples":[],"pictures":"${pictures}"}`,
  );
});

test('long integers stay exact, and parameters are kept', async () => {
  const x = { name: 'x', datatype: 'INT64', shape: [2], file: 'long.bin' };
  const long = example('long', x);
  long.request.parameters = { priority: 1, note: '<b>' };
  const text = await examplesOf(identity('int64', ['n']), {
    examples: [long],
    elements: { 'long.bin': new Uint8Array(BigInt64Array.of(9007199254740993n, -1n).buffer) },
  });
  expect(text).toContain('"data":[9007199254740993,-1]}],"parameters":{"priority":1,"note":"<b>"}}');
});

test('reads elements in files, and names tensors that are too long', async () => {
  const x = (count: number) => ({ name: 'x', datatype: 'FP32', shape: [count], file: `${count}.bin` });
  const zeros = (count: number) => new Uint8Array(4 * count);
  const text = await examplesOf(identity('float', ['n']), {
    examples: [example('two', x(2)), example('many', x(150_000)), example('most', x(300_000))],
    elements: { '2.bin': zeros(2), '150000.bin': zeros(150_000), '300000.bin': zeros(300_000) },
  });
  const [two, many, most] = JSON.parse(text).examples;
  expect(two.request.inputs[0].data).toEqual([0, 0]);
  expect(many).toEqual({
    name: 'many',
    omitted: 'its request is longer than 256 KiB of JSON, the limit of this page',
  });
  expect(most).toEqual({
    name: 'most',
    omitted: 'its tensor "x" is longer than 256 KiB of JSON, the limit of this page',
  });
});

test('names tensors without a JSON form', async () => {
  const half = { name: 'x', datatype: 'FP16', shape: [1], file: 'half.bin' };
  const options = { examples: [example('half', half)], elements: { 'half.bin': new Uint8Array(2) } };
  expect(JSON.parse(await examplesOf(identity('float16', ['n']), options)).examples).toEqual([
    { name: 'half', omitted: 'FP16 has no JSON form; send and request it as binary data' },
  ]);
});
