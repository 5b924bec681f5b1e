import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { declarationText } from '../../../inference-image/src/contract/model-declaration';
import { modelFolder } from '../../support/model-folder';
import { identity, initializer, node, onnxModel, value, type ModelParts } from '../../support/onnx-builder';
import { floats, tensor } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

describe('start', () => {
  test('logs the model that it serves', async () => {
    const server = await ServerProcess.start(identity('float', ['n']), { executors: 2, threadsPerExecutor: 1 });
    const [starting, listening, ready] = server.log;
    expect(starting).toMatchObject({
      level: 'info',
      msg: 'starting',
      model: 'm',
      version: '1',
      executors: 2,
      threadsPerExecutor: 1,
    });
    expect(starting?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(listening).toMatchObject({
      msg: 'listening',
      httpPort: expect.any(Number),
      grpcPort: expect.any(Number),
      metricsPort: expect.any(Number),
    });
    const limits = { maxRequestBytes: 2 ** 20, requestBudgetBytes: expect.any(Number) };
    expect(ready).toMatchObject({ msg: 'ready', url: server.url, ...limits });
    expect(server.stderr).toBe('');
  });

  test('S2 is live during warm-up, and ready only afterwards', async () => {
    const parts = slowModel();
    // The first run is slow, because the number of rounds is fixed.
    const count = initializer('n', 'int64', [1], BigInt64Array.from([15_000n]));
    const first: ModelParts = {
      ...parts,
      inputs: [value('x', 'float', [1])],
      outputs: [value('y', 'float', [1])],
      nodes: [...parts.nodes.map((loop: any) => ({ ...loop, output: ['loops'] })), node('Add', ['loops', 'x'], ['y'])],
      initializers: [...parts.initializers!, count],
    };
    const server = ServerProcess.spawn(modelFolder(first));
    await server.waitForLog(({ msg }) => msg === 'listening');
    const ready = await server.get('/v2/health/ready');
    expect([ready.status, ready.body, ready.headers.get('retry-after')]).toEqual([503, { ready: false }, '1']);
    expect((await server.get('/v2/models/m/ready')).status).toBe(503);
    expect((await server.get('/v2/health/live')).status).toBe(200);
    expect((await server.infer(floats(1))).body).toEqual({ error: 'the model is being loaded' });
    await server.waitForLog(({ msg }) => msg === 'ready');
    expect((await server.get('/v2/health/ready')).status).toBe(200);
  });

  test('logs every configuration problem on its own line and exits with 1', async () => {
    const folder = modelFolder(identity('float', ['n']));
    const server = ServerProcess.spawn(folder, {}, { MODEL_SERVING_EXECUTORS: '0', MODEL_SERVING_COLOUR: 'blue' });
    expect(await server.exitCode).toBe(1);
    expect(server.log.map(({ level, msg }) => [level, msg])).toEqual([
      ['fatal', expect.stringMatching(/^MODEL_SERVING_COLOUR is not a setting/)],
      ['fatal', 'MODEL_SERVING_EXECUTORS is "0": Too small: expected number to be >=1'],
    ]);
  });

  test('a port in use is fatal', async () => {
    const server = await ServerProcess.start(identity('float', ['n']));
    const port = Number(new URL(server.url).port);
    const other = ServerProcess.spawn(modelFolder(identity('float', ['n'])), { httpPortNumber: port });
    expect(await other.exitCode).toBe(1);
    expect(other.log.at(-1)).toMatchObject({ level: 'fatal', msg: expect.stringContaining('EADDRINUSE') });
  });
});

describe('a model that fails its checks is never served, and the log has the reason', () => {
  const parts = identity('float', ['n']);
  const example = {
    name: 'first',
    request: floats(1, 2),
    response: { outputs: [tensor('y', 'FP32', [1, 2])] },
  };

  async function expectRefusal(server: ServerProcess, reason: unknown): Promise<void> {
    const { level, error } = await server.waitForLog(({ msg }) => msg === 'the model is not served');
    expect([level, error]).toEqual(['error', reason]);
    expect((await server.get('/v2/health/ready')).status).toBe(503);
    expect((await server.get('/v2/health/live')).status).toBe(200);
    const { status, body } = await server.infer(floats(1));
    expect([status, body]).toEqual([503, { error: `the model is not served: ${error}` }]);
    expect(await server.stop()).toBe(1);
  }

  test('M18 does not reproduce a golden example', async () => {
    const response = { outputs: [{ ...example.response.outputs[0]!, data: [1, 2.5] }] };
    const server = await ServerProcess.start(parts, {}, { examples: [{ ...example, response }] });
    await expectRefusal(
      server,
      'golden example "first": output "y" at [1] is 2; expected 2.5: 0.5 apart, 0.00026 allowed',
    );
  });

  test('does not reproduce a golden example with elements in a file', async () => {
    const response = { outputs: [{ ...example.response.outputs[0]!, data: undefined, file: 'golden/y.bin' }] };
    const start = (...values: number[]) =>
      ServerProcess.start(
        parts,
        {},
        {
          examples: [{ ...example, response }],
          elements: { 'golden/y.bin': new Uint8Array(Float32Array.from(values).buffer) },
        },
      );
    expect((await (await start(1, 2)).get('/v2/health/ready')).status).toBe(200);
    await expectRefusal(
      await start(1, 3),
      'golden example "first": output "y" at [1] is 2; expected 3: 1 apart, 0.00031 allowed',
    );
  });

  test('serves a model that reproduces its golden examples', async () => {
    const server = await ServerProcess.start(
      parts,
      { executors: 2 },
      { examples: [example, { ...example, name: 'second' }] },
    );
    expect((await server.get('/v2/health/ready')).status).toBe(200);
  });

  test('is a different model from the one that the deployment expects', async () => {
    const server = await ServerProcess.start(parts, { expectedSha256: '0'.repeat(64) });
    await expectRefusal(
      server,
      `the deployment expects model ${'0'.repeat(64)}; this image contains ${server.log[0]?.sha256}`,
    );
  });

  test('has a different declaration from the one that the deployment expects', async () => {
    const declared = { name: 'm', version: '1', files: [] };
    const expectedDeclaration = declarationText({ ...declared, version: '2' });
    await expectRefusal(
      await ServerProcess.start(parts, { expectedDeclaration }),
      'the deployment and this image declare the model differently: version "2", not "1"; build the image from the same declaration, or change the declaration to match the image',
    );
    const server = await ServerProcess.start(parts, { expectedDeclaration: declarationText(declared) });
    expect((await server.get('/v2/health/ready')).status).toBe(200);
  });

  test('has a file that differs from model.json', async () => {
    const folder = modelFolder(parts);
    // The file contains an equivalent model, and differs only in its metadata.
    writeFileSync(join(folder, 'model.onnx'), onnxModel({ ...parts, metadata: { other: 'model' } }));
    await expectRefusal(ServerProcess.spawn(folder), expect.stringMatching(/^model\.onnx has \d+ bytes and sha256 /));
  });

  test('has a file that is not a model', async () => {
    const folder = modelFolder(parts, {
      edit: (manifest) => {
        const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'; // of "x"
        manifest.files[0] = { path: 'model.onnx', sizeBytes: 1, sha256 };
        manifest.sha256 = sha256;
      },
    });
    writeFileSync(join(folder, 'model.onnx'), 'x');
    await expectRefusal(ServerProcess.spawn(folder), expect.stringContaining('model.onnx failed'));
  });

  test("has a signature that differs from the runtime's", async () => {
    const edit = (manifest: any) => (manifest.signature.inputs[0].name = 'z');
    const server = await ServerProcess.start(parts, {}, { edit });
    await expectRefusal(server, 'the inputs of model.onnx are "x" (FP32), but model.json declares "z" (FP32)');
  });
});

test('S7 has the configured number of threads', async () => {
  const threadsOf = async (executors: number, threadsPerExecutor: number) => {
    const server = await ServerProcess.start(slowModel(), { executors, threadsPerExecutor });
    return readdirSync(`/proc/${server.process.pid}/task`).length;
  };
  const base = await threadsOf(1, 1);
  expect((await threadsOf(1, 3)) - base).toBe(2);
  expect((await threadsOf(2, 2)) - (await threadsOf(2, 1))).toBe(2);
});

test('logs requests only at level debug, and a warning if limits do not fit together', async () => {
  const quiet = await ServerProcess.start(identity('float', ['n']));
  const tight = { maxRequestBytes: 300_000, requestBudgetBytes: 2 ** 20 };
  const chatty = await ServerProcess.start(identity('float', ['n']), { logLevel: 'debug', ...tight });
  for (const server of [quiet, chatty]) await server.get('/v2/nowhere');
  const line = await chatty.waitForLog(({ msg }) => msg === 'request');
  expect(line).toMatchObject({ level: 'debug', method: 'GET', url: '/v2/nowhere', status: 404 });
  expect(Object.keys(line)).toEqual(['level', 'time', 'method', 'url', 'status', 'seconds', 'msg']);
  expect(quiet.log.map(({ msg }) => msg)).toEqual(['starting', 'listening', 'ready']);
  const warnings = chatty.log.filter(({ level }) => level === 'warn');
  expect(warnings).toEqual([
    expect.objectContaining({
      ...tight,
      msg: 'a request of maxRequestBytes needs more memory than requestBudgetBytes',
    }),
  ]);
});

describe('the health check of the image', () => {
  const script = join(ROOT, 'dist/inference-image/healthcheck.cjs');
  const check = (env: NodeJS.ProcessEnv) =>
    spawnSync(process.execPath, [script], { env: { ...process.env, ...env } }).status;

  test('passes while the server is ready', async () => {
    const server = await ServerProcess.start(identity('float', ['n']));
    const port = new URL(server.url).port;
    expect(check({ MODEL_SERVING_HTTP_PORT_NUMBER: port })).toBe(0);
    expect(check({ MODEL_SERVING_HTTP_PORT_NUMBER: port, MODEL_SERVING_HOST: '127.0.0.1' })).toBe(0);
    await server.stop();
    expect(check({ MODEL_SERVING_HTTP_PORT_NUMBER: port })).toBe(1);
  });

  test('fails while the server is not ready', async () => {
    const server = await ServerProcess.start(identity('float', ['n']), { expectedSha256: '0'.repeat(64) });
    expect(check({ MODEL_SERVING_HTTP_PORT_NUMBER: new URL(server.url).port })).toBe(1);
  });
});
