import { setTimeout as sleep } from 'node:timers/promises';
import { encodeJsonData } from '../../../inference-image/src/json/json-data';
import { median } from '../../../lib/base/quantile';
import { identity, node, value } from '../../support/onnx-builder';
import { floats } from '../../support/requests';
import { ServerProcess } from '../../support/server';

const MANY = 150_000;
const SETTINGS = { maxRequestBytes: 64 * 2 ** 20 };

/** Request to `identity('float', ['n'])`, padded with white space to the given size. */
function large(data: ArrayLike<number> = Float32Array.from({ length: MANY }, (_, i) => i / 3), mebibytes = 2) {
  const tensor = { name: 'x', datatype: 'FP32' as const, shape: [data.length], data: Float32Array.from(data) };
  const json = `{"inputs":[{"name":"x","datatype":"FP32","shape":[${data.length}],"data":${encodeJsonData(tensor)}}]}`;
  return Buffer.from(json.padEnd(mebibytes * 2 ** 20));
}

let server: ServerProcess;
beforeAll(async () => (server = await ServerProcess.start(identity('float', ['n']), SETTINGS)));

test('large requests and responses have the same content as small ones', async () => {
  const data = Float32Array.from({ length: MANY }, (_, i) => i / 3);
  const { status, body } = await server.infer(large(data));
  expect([status, body.outputs[0].shape]).toEqual([200, [MANY]]);
  expect(Float32Array.from(body.outputs[0].data)).toEqual(data);
});

test('the thread reports the same errors and keeps running', async () => {
  const bodies = ['{"inputs":[{]', '[]', '{"inputs":[]}', JSON.stringify(floats(1)).replace('[1]}', '[1e39]}')];
  for (const text of bodies) {
    const small = await server.infer(text);
    const big = await server.infer(Buffer.from(text.padEnd(2 ** 21)));
    expect([big.status, big.body.error]).toEqual([400, small.body.error]);
  }
  expect((await server.infer(large([1, 2]))).body.outputs[0].data).toEqual([1, 2]);
  const length = { 'inference-header-content-length': String(2 ** 22) };
  expect((await server.infer(Buffer.alloc(2 ** 21, ' '), { headers: length })).body.error).toBe(
    'Inference-Header-Content-Length is 4194304, but the whole body has only 2097152 bytes',
  );
});

test('large outputs together with binary ones', async () => {
  const parts = {
    inputs: [value('x', 'float', ['n'])],
    outputs: [value('y', 'float', ['n']), value('z', 'float', ['n'])],
    nodes: [node('Identity', ['x'], ['y']), node('Neg', ['x'], ['z'])],
  };
  const both = await ServerProcess.start(parts, SETTINGS);
  const data = Float32Array.from({ length: MANY }, (_, i) => i);
  const outputs = '"outputs":[{"name":"y"},{"name":"z","parameters":{"binary_data":true}}],"id":"q",';
  const { headers, body } = await both.infer(String(large(data)).replace('"inputs"', `${outputs}"inputs"`));
  const length = Number(headers.get('inference-header-content-length'));
  const json = JSON.parse(body.subarray(0, length));
  expect(json).toMatchObject({ id: 'q', outputs: [{ name: 'y', data: [...data] }, { name: 'z' }] });
  expect(new Float32Array(Uint8Array.from(body.subarray(length)).buffer)).toEqual(data.map((each) => -each));
});

test('S1 health checks are answered while a body of 40 MB is read', async () => {
  const count = 8_000_000;
  // A string among the numbers makes the array slow to parse. The reply is binary, because parsing a JSON reply would
  // block this process and distort the measured times.
  const data = `["NaN"${',1.25'.repeat(count - 1)}]`;
  const input = `{"name":"x","datatype":"FP32","shape":[${count}],"data":${data}}`;
  const body = Buffer.from(`{"parameters":{"binary_data_output":true},"inputs":[${input}]}`);
  let over = false;
  const begun = performance.now();
  const request = server.infer(body).finally(() => (over = true));
  const waits: number[] = [];
  while (!over) {
    const start = performance.now();
    await server.get('/v2/health/live');
    waits.push(performance.now() - start);
    await sleep(5);
  }
  expect((await request).status).toBe(200);
  const requestMs = performance.now() - begun;
  expect(waits.length).toBeGreaterThan(5);
  // Times are compared only with each other, because tests share the machine.
  expect(Math.max(...waits)).toBeLessThan(requestMs / 4);
  expect(median(waits)).toBeLessThan(requestMs / 10);
});

test('a server that shuts down answers its large request and exits with 0', async () => {
  const ending = await ServerProcess.start(identity('float', ['n']), SETTINGS);
  // Opens the connection, so that the next request is sent immediately.
  await ending.infer(floats(1));
  const reply = ending.infer(large(undefined, 30));
  await sleep(100);
  const [exitCode, { status }] = await Promise.all([ending.stop(), reply]);
  expect([exitCode, status]).toEqual([0, 200]);
});

test('P10 refuses an answer that exceeds the maximum length of a string, and suggests binary data', async () => {
  const constant = await ServerProcess.start(
    {
      inputs: [value('x', 'int64', [1])],
      outputs: [value('y', 'float', ['n'])],
      nodes: [node('ConstantOfShape', ['x'], ['y'])],
    },
    { ...SETTINGS, requestBudgetBytes: 2 ** 30 },
  );
  const ask = (n: number) => constant.infer({ inputs: [{ name: 'x', datatype: 'INT64', shape: [1], data: [n] }] });
  const { status, body } = await ask(22_000_000);
  expect([status, body.error]).toEqual([
    400,
    expect.stringMatching(/^the answer takes up to \d+ bytes as JSON.* ask for binary/),
  ]);
  expect((await ask(3)).body.outputs[0].data).toEqual([0, 0, 0]);
});
