import { identity } from '../../support/onnx-builder';
import { floats } from '../../support/requests';
import { ServerProcess } from '../../support/server';

const paths = (suffix: string) => [`/v2/models/m${suffix}`, `/v2/models/m/versions/1${suffix}`];

describe('statistics', () => {
  test('S13 statistics count requests and runs', async () => {
    const server = await ServerProcess.start(identity('float', ['n']));
    const stats = async (path = '/v2/models/stats') => (await server.get(path)).body.model_stats[0];
    const none = { count: 0, ns: 0 };
    const some = (count: number) => ({ count, ns: expect.any(Number) });
    expect(await stats()).toMatchObject({
      last_inference: 0,
      inference_count: 0,
      execution_count: 0,
      inference_stats: { success: none, fail: none },
      batch_stats: [],
    });

    const before = Date.now();
    for (let i = 0; i < 3; i++) await server.infer(floats(i));
    await server.infer({ inputs: [] });
    await server.infer(floats(1), { path: '/v2/models/other/infer' });
    const found = await stats();
    expect(found).toEqual({
      name: 'm',
      version: '1',
      last_inference: expect.any(Number),
      inference_count: 3,
      execution_count: 3,
      inference_stats: {
        success: some(3),
        fail: some(1),
        queue: some(3),
        compute_input: some(3),
        compute_infer: some(3),
        compute_output: some(3),
        cache_hit: none,
        cache_miss: none,
      },
      batch_stats: [{ batch_size: 1, compute_input: none, compute_infer: some(3), compute_output: none }],
    });
    expect(Math.abs(found.last_inference - before)).toBeLessThan(5000);
    const { success, compute_input, compute_infer, compute_output } = found.inference_stats;
    const parts = [compute_input.ns, compute_infer.ns, compute_output.ns];
    for (const ns of [success.ns, ...parts]) expect(ns).toBeGreaterThan(0);
    expect(success.ns).toBeGreaterThan(parts.reduce((total, ns) => total + ns));
    for (const path of paths('/stats')) expect(await stats(path)).toEqual(found);
  });
});

describe('routes of a ready server', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await ServerProcess.start(identity('int64', ['n', null, 3]), {
      executors: 2,
      threadsPerExecutor: 1,
      maxBatchSize: 1,
    });
  });

  const post = async (path: string, body?: string) => {
    const { status, body: reply } = await server.get(path, { method: 'POST', body });
    return [status, reply];
  };

  test.each(paths('/config'))('GET %s', async (path) => {
    const { status, body } = await server.get(path);
    expect([status, body]).toEqual([
      200,
      {
        name: 'm',
        platform: 'onnxruntime_onnx',
        backend: 'onnxruntime',
        max_batch_size: 0,
        input: [{ name: 'x', data_type: 'TYPE_INT64', dims: [-1, -1, 3] }],
        output: [{ name: 'y', data_type: 'TYPE_INT64', dims: [-1, -1, 3] }],
        instance_group: [{ name: 'm', kind: 'KIND_CPU', count: 2 }],
        parameters: { row_independence: { string_value: 'independent' }, max_shared_rows: { string_value: '1' } },
      },
    ]);
  });

  test.each(['/stats', '/config'])('P2 unknown models and versions have no %s', async (suffix) => {
    const model = await server.get(`/v2/models/n${suffix}`);
    expect([model.status, model.body]).toEqual([404, { error: 'unknown model "n"; this server has "m"' }]);
    const version = await server.get(`/v2/models/m/versions/2${suffix}`);
    expect([version.status, version.body]).toEqual([404, { error: 'unknown version "2"; model "m" has version "1"' }]);
  });

  test.each([undefined, '', '{}', '{"ready":true}', '{"ready":false,"more":1}'])(
    'the repository index with body %j',
    async (body) => {
      const index = [{ name: 'm', version: '1', state: 'READY', reason: '' }];
      expect(await post('/v2/repository/index', body)).toEqual([200, index]);
    },
  );

  test.each([
    ['{"ready":"yes"}', 'request.ready is "yes"; it must be true or false'],
    ['[]', 'the request is []; it must be an object'],
    ['{', expect.stringMatching(/^not valid JSON: /)],
  ])('the repository index refuses body %s', async (body, error) => {
    expect(await post('/v2/repository/index', body)).toEqual([400, { error }]);
  });

  test.each(['load', 'unload'])('%s', async (action) => {
    const error = `cannot ${action} model "m": this server serves only the model in its image; to serve a different model, deploy its image`;
    expect(await post(`/v2/repository/models/m/${action}`, '{"parameters":{}}')).toEqual([400, { error }]);
    expect(await post(`/v2/repository/models/n/${action}`)).toEqual([
      404,
      { error: 'unknown model "n"; this server has "m"' },
    ]);
  });

  test.each([
    ['POST', '/v2/models/stats', 'GET, HEAD'],
    ['POST', '/v2/models/m/stats', 'GET, HEAD'],
    ['PUT', '/v2/models/m/config', 'GET, HEAD'],
    ['GET', '/v2/repository/index', 'POST'],
    ['GET', '/v2/repository/models/m/load', 'POST'],
  ])('%s %s gets a 405', async (method, path, allow) => {
    const { status, headers } = await server.get(path, { method });
    expect([status, headers.get('allow')]).toEqual([405, allow]);
  });
});

test('the repository index of a failed server has the reason', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { expectedSha256: '0'.repeat(64) });
  const index = async (body: string) => (await server.get('/v2/repository/index', { method: 'POST', body })).body;
  const reason = expect.stringMatching(/^the deployment expects model 0{64}; this image contains /);
  expect(await index('{}')).toEqual([{ name: 'm', version: '1', state: 'UNAVAILABLE', reason }]);
  expect(await index('{"ready":true}')).toEqual([]);
});
