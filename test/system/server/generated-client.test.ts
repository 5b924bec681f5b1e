import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { slowModel } from '../../support/slow-model';
import { ServerProcess } from '../../support/server';
import { ELEM_OF, identity, node, value } from '../../support/onnx-builder';
import { temporaryFolder } from '../../support/temporary-folder';
import { clientOf, EVERY_DATATYPE } from '../../client/signatures';

/** Four values of each datatype, including some that are difficult for JSON or typed arrays. */
const VALUES = {
  BOOL: [true, false, false, true],
  UINT8: Uint8Array.of(0, 1, 254, 255),
  UINT16: Uint16Array.of(0, 1, 65534, 65535),
  UINT32: Uint32Array.of(0, 1, 2 ** 31, 2 ** 32 - 1),
  UINT64: BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n),
  INT8: Int8Array.of(-128, -1, 0, 127),
  INT16: Int16Array.of(-32768, -1, 0, 32767),
  INT32: Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1),
  INT64: BigInt64Array.of(-(2n ** 63n), -(2n ** 53n) - 1n, 1234567890123456789n, 2n ** 63n - 1n),
  FP16: Uint16Array.of(0x0001, 0x3c00, 0x8000, 0x7c00),
  FP32: Float32Array.of(NaN, -Infinity, -0, 0.1),
  FP64: Float64Array.of(Infinity, Number.MAX_VALUE, -0, 1e21),
  BYTES: ['', '"12345678901234567890" \\', '\ufeffüñí 😀', '1234567890123456789'],
};

const folder = temporaryFolder();
const tensors = (shape: readonly number[], pick: (data: any) => unknown) =>
  Object.fromEntries(Object.entries(VALUES).map(([datatype, data]) => [`in_${datatype}`, { shape, data: pick(data) }]));
const answers = (given: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(given).map(([name, tensor]) => [name.replace('in_', 'out_'), tensor]));

let server: ServerProcess;
let Client: new (options: object) => {
  infer(inputs: object, options?: object): Promise<Record<string, any>>;
  ready(): Promise<boolean>;
  metadata(): Promise<object>;
};

beforeAll(async () => {
  const datatypes = Object.entries(ELEM_OF);
  server = await ServerProcess.start({
    inputs: datatypes.map(([datatype, elem]) => value(`in_${datatype}`, elem, ['n'])),
    outputs: datatypes.map(([datatype, elem]) => value(`out_${datatype}`, elem, ['n'])),
    nodes: datatypes.map(([datatype]) => node('Identity', [`in_${datatype}`], [`out_${datatype}`])),
  });
  const file = join(folder, 'm-client.ts');
  writeFileSync(file, clientOf('m', EVERY_DATATYPE));
  Client = jest.requireActual(file).MClient;
});

describe.each(['binary', 'json'])('a generated client and the server, by %s', (protocol) => {
  test.each([
    ['four elements', [4], (data: any) => data],
    ['part of a larger array', [2], (data: any) => data[data.subarray ? 'subarray' : 'slice'](1, 3)],
    ['no elements', [0], (data: any) => data.slice(0, 0)],
  ])('returns every datatype as it was sent: %s', async (_, shape, pick) => {
    const given = tensors(shape, pick);
    expect(await new Client({ url: server.url, protocol }).infer(given)).toEqual(answers(given));
  });

  test('accepts lists, and a selection of the outputs', async () => {
    const given = tensors([4], (data) => (data === VALUES.FP16 ? data : Array.from(data)));
    const outputs = ['out_INT64', 'out_BOOL', 'out_FP64', 'out_FP16'] as const;
    const answer = await new Client({ url: server.url, protocol }).infer(given, { outputs });
    expect(Object.keys(answer)).toEqual(outputs);
    for (const name of outputs) expect(answer[name]).toEqual({ shape: [4], data: (VALUES as any)[name.slice(4)] });
  });

  test("reports the server's message for checks that only the server can make", async () => {
    const given = { ...tensors([4], (data) => data), in_BYTES: { shape: [4], data: ['', 'a\0b', '', ''] } };
    await expect(new Client({ url: server.url, protocol }).infer(given)).rejects.toMatchObject({
      code: 'invalid-request',
      status: 400,
      attempts: 1,
      serverMessage: expect.stringMatching(/^input "in_BYTES": element 1 /),
    });
  });
});

test('requests readiness, metadata and a version', async () => {
  const client = new Client({ url: server.url, version: '1' });
  expect(await client.ready()).toBe(true);
  expect(await client.metadata()).toMatchObject({
    name: 'm',
    versions: ['1'],
    inputs: expect.arrayContaining([{ name: 'in_FP32', datatype: 'FP32', shape: [-1] }]),
  });
  await expect(new Client({ url: server.url, version: '2' }).ready()).rejects.toMatchObject({ status: 404 });
});

test('reports a server that has a different model with the same name', async () => {
  const other = await ServerProcess.start(identity('double', ['n']));
  const file = join(folder, 'other-client.ts');
  const tensor = (name: string, datatype: 'FP32' | 'FP64') => ({ name, datatype, dimensions: ['n'] });
  writeFileSync(file, clientOf('m', { inputs: [tensor('x', 'FP64')], outputs: [tensor('y', 'FP32')] }));
  const client = new (jest.requireActual(file).MClient)({ url: other.url });
  await expect(client.infer({ x: { shape: [1], data: [1] } })).rejects.toMatchObject({
    code: 'invalid-answer',
    message: 'output "y" is FP64 [1]; this client was generated for FP32 [n]',
  });
});

test('retries a server that was full, and gives up early if the retry would be too late', async () => {
  const slow = await ServerProcess.start(slowModel(), { executors: 1, maxQueueLength: 1 });
  const file = join(folder, 'slow-client.ts');
  writeFileSync(
    file,
    clientOf('m', {
      inputs: [{ name: 'n', datatype: 'INT64', dimensions: [1] }],
      outputs: [{ name: 'y', datatype: 'FP32', dimensions: [1] }],
    }),
  );
  const statuses: number[] = [];
  const client = new (jest.requireActual(file).MClient)({
    url: slow.url,
    retries: 20,
    deadline: 60_000,
    fetch: async (url: string, init: RequestInit) => {
      const response = await fetch(url, init);
      statuses.push(response.status);
      return response;
    },
  });
  const run = (rounds: bigint, options?: object) => client.infer({ n: { shape: [1], data: [rounds] } }, options);

  const answered = await Promise.all([run(2000n), run(2001n), run(2002n)]);
  expect(answered.map(({ y }) => y.data[0])).toEqual([2000, 2001, 2002]);
  expect(statuses).toContain(429);

  const inTheWay = run(30_000n);
  await slow.seriesReaches('inference_running', 1);
  const start = performance.now();
  await expect(run(1n, { deadline: 300 })).rejects.toMatchObject({ code: 'deadline', attempts: 1 });
  expect(performance.now() - start).toBeLessThan(3000);
  await inTheWay;
  // The request never ran.
  expect(await slow.metrics()).toMatch(/inference_requests_total\{[^}]*outcome="(timeout|cancelled)"[^}]*\} 1\n/);
});
