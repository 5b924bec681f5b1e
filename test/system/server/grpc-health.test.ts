import { status } from '@grpc/grpc-js';
import { GrpcClient, rawRounds } from '../../support/grpc-client';
import { modelFolder } from '../../support/model-folder';
import { identity, initializer, node, value, type ModelParts } from '../../support/onnx-builder';
import { roundsFor } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { slowModel } from '../../support/slow-model';

const [SERVING, NOT_SERVING, SERVICE_UNKNOWN] = [1, 2, 3];
const NAMES = ['', 'inference.GRPCInferenceService', 'm'];
const CHECK = 'grpc.health.v1.Health.Check';

/** Watches a service, and collects the states that the watch reports. */
function watch(client: GrpcClient, service: string) {
  const states: number[] = [];
  const listeners: Array<() => void> = [];
  const stream = client.watch(service);
  const ended = new Promise<{ code: number; details: string }>((resolve) => stream.on('error', resolve));
  stream.on('data', ({ status }) => {
    states.push(status);
    for (const listener of listeners.splice(0)) listener();
  });
  const until = async (count: number) => {
    while (states.length < count) await new Promise<void>((resolve) => listeners.push(resolve));
    return states;
  };
  return { until, ended, cancel: () => stream.cancel() };
}

/** A model like `slowModel`, whose warm-up takes a while. */
function slowToWarm(): ModelParts {
  const parts = slowModel();
  const count = initializer('n', 'int64', [1], BigInt64Array.from([15_000n]));
  return {
    ...parts,
    inputs: [value('x', 'float', [1])],
    nodes: [...parts.nodes.map((loop: any) => ({ ...loop, output: ['loops'] })), node('Add', ['loops', 'x'], ['y'])],
    initializers: [...parts.initializers!, count],
  };
}

describe('P13 health follows readiness', () => {
  test('before and after warm-up', async () => {
    const server = ServerProcess.spawn(modelFolder(slowToWarm()));
    await server.waitForLog(({ msg }) => msg === 'listening');
    const client = new GrpcClient(server.grpcTarget);
    for (const service of NAMES) expect(await client.call(CHECK, { service })).toEqual({ status: NOT_SERVING });
    expect(await client.call('ServerLive')).toEqual({ live: true });
    expect(await client.call('ServerReady')).toEqual({ ready: false });
    expect(await client.call('ModelReady', { name: 'm' })).toEqual({ ready: false });
    expect(await client.failure('ModelInfer', { model_name: 'm' })).toEqual({
      code: status.UNAVAILABLE,
      details: 'the model is being loaded',
    });
    const { until, cancel } = watch(client, '');
    expect(await until(1)).toEqual([NOT_SERVING]);
    await server.waitForLog(({ msg }) => msg === 'ready');
    expect(await until(2)).toEqual([NOT_SERVING, SERVING]);
    cancel();
    for (const service of NAMES) expect(await client.call(CHECK, { service })).toEqual({ status: SERVING });
    expect(await client.call('ServerReady')).toEqual({ ready: true });
    const statuses = Object.fromEntries(NAMES.map((name) => [name, { status: SERVING }]));
    expect(await client.call('grpc.health.v1.Health.List')).toEqual({ statuses });
  });

  test('during SIGTERM, and watchers do not delay the exit', async () => {
    const server = await ServerProcess.start(slowModel(), { drainSeconds: 0.5 });
    const client = new GrpcClient(server.grpcTarget);
    const { until, ended } = watch(client, 'm');
    expect(await until(1)).toEqual([SERVING]);
    const n = await roundsFor(server, 1.5);
    const running = client.call('ModelInfer', rawRounds(n));
    server.process.kill('SIGTERM');
    await server.waitForLog(({ msg }) => msg === 'shutting down');
    const other = new GrpcClient(server.grpcTarget);
    for (const service of NAMES) expect(await other.call(CHECK, { service })).toEqual({ status: NOT_SERVING });
    expect(await until(2)).toEqual([SERVING, NOT_SERVING]);
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE, details: 'the server is shutting down' });
    expect((await running).model_name).toBe('m');
    expect(await server.exitCode).toBe(0);
  });

  test('for a model that is not served', async () => {
    const server = await ServerProcess.start(identity('float', ['n']), { expectedSha256: '0'.repeat(64) });
    const client = new GrpcClient(server.grpcTarget);
    expect(await client.call(CHECK)).toEqual({ status: NOT_SERVING });
    expect(await client.failure('ModelInfer', {})).toEqual({
      code: status.UNAVAILABLE,
      details: expect.stringMatching(
        /^the model is not served: the deployment expects model 0{64}; this image contains /,
      ),
    });
  });

  test('for an unknown service: NOT_FOUND from Check, SERVICE_UNKNOWN from Watch', async () => {
    const server = await ServerProcess.start(identity('float', ['n']));
    const client = new GrpcClient(server.grpcTarget);
    expect(await client.failure(CHECK, { service: 'other' })).toEqual({
      code: status.NOT_FOUND,
      details: 'unknown service "other"; this server has "", "inference.GRPCInferenceService", "m"',
    });
    const { until, cancel } = watch(client, 'other');
    expect(await until(1)).toEqual([SERVICE_UNKNOWN]);
    cancel();
  });
});
