import { status } from '@grpc/grpc-js';
import { version } from '../../../package.json';
import { floatsOf, GrpcClient, methodOf, rawFloats, rawRequest } from '../../support/grpc-client';
import { identity, node, value, type Elem, type ModelParts } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';

const { INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, FAILED_PRECONDITION } = status;

async function start(...args: Parameters<typeof ServerProcess.start>): Promise<[GrpcClient, ServerProcess]> {
  const server = await ServerProcess.start(...args);
  return [new GrpcClient(server.grpcTarget), server];
}

/** Model that returns its inputs x: FP32 [n, 2] and s: BYTES [n] unchanged. */
const TWO: ModelParts = {
  inputs: [value('x', 'float', ['n', 2]), value('s', 'string', ['n'])],
  outputs: [value('y', 'float', ['n', 2]), value('t', 'string', ['n'])],
  nodes: [node('Identity', ['x'], ['y']), node('Identity', ['s'], ['t'])],
};

const X = { name: 'x', datatype: 'FP32', shape: [1, 2] };
const S = { name: 's', datatype: 'BYTES', shape: [1] };
const RAW = [Buffer.from(Float32Array.of(1, 2).buffer), Buffer.from('\x02\0\0\0hi')];
const FP32 = { fp32_contents: [1, 2] };
const BYTES = { bytes_contents: [Buffer.from('hi')] };
const BOTH = {
  outputs: [
    { name: 'y', datatype: 'FP32', shape: [1, 2], parameters: {}, contents: null },
    { name: 't', datatype: 'BYTES', shape: [1], parameters: {}, contents: null },
  ],
  raw_output_contents: RAW,
};

describe('about the server and its model', () => {
  test('liveness, readiness and metadata', async () => {
    const [client] = await start(TWO, {}, { version: '3' });
    expect(await client.call('ServerLive')).toEqual({ live: true });
    expect(await client.call('ServerReady')).toEqual({ ready: true });
    expect(await client.call('ModelReady', { name: 'm' })).toEqual({ ready: true });
    expect(await client.call('ModelReady', { name: 'm', version: '3' })).toEqual({ ready: true });
    expect(await client.call('ServerMetadata')).toMatchObject({ name: 'cdktf-model-serving', version });
    expect(await client.call('ModelMetadata', { name: 'm' })).toEqual({
      name: 'm',
      versions: ['3'],
      platform: 'onnxruntime_onnx',
      inputs: [
        { name: 'x', datatype: 'FP32', shape: [-1, 2] },
        { name: 's', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [
        { name: 'y', datatype: 'FP32', shape: [-1, 2] },
        { name: 't', datatype: 'BYTES', shape: [-1] },
      ],
      properties: {},
    });
  });

  test.each([
    ['ModelReady', 4096],
    ['ModelMetadata', 65_536],
    ['RepositoryIndex', 65_536],
  ])('%s accepts messages of %d bytes', async (method, maxBytes) => {
    const [client] = await start(TWO);
    const field = method === 'RepositoryIndex' ? 'repository_name' : 'name';
    await expect(client.call(method, { [field]: 'm'.repeat(maxBytes) })).rejects.toMatchObject({
      code: RESOURCE_EXHAUSTED,
      details: expect.stringContaining(`${maxBytes}`),
    });
    const fits = client.call(method, { [field]: 'm'.repeat(maxBytes - 10) });
    await fits.catch((error) => expect(error).toMatchObject({ code: NOT_FOUND }));
  });

  test("Triton's model configuration, statistics and repository index", async () => {
    const [client] = await start(TWO);
    const { config } = await client.call('ModelConfig', { name: 'm' });
    expect(config).toMatchObject({ name: 'm', backend: 'onnxruntime', input: [{ data_type: 11 }, { data_type: 13 }] });
    expect(config.parameters).toEqual({
      row_independence: { string_value: 'independent' },
      max_shared_rows: { string_value: '32' },
    });
    await client.call('ModelInfer', { model_name: 'm', inputs: [X, S], raw_input_contents: RAW });
    const counts = { inference_stats: { success: { count: 1 }, fail: { count: 0 } } };
    for (const request of [{}, { name: 'm' }]) {
      const { model_stats: stats } = await client.call('ModelStatistics', request);
      expect(stats).toEqual([expect.objectContaining({ name: 'm', version: '1' })]);
      expect(stats[0]).toMatchObject(counts);
    }
    expect(await client.call('RepositoryIndex')).toEqual({
      models: [{ name: 'm', version: '1', state: 'READY', reason: '' }],
    });
    for (const action of ['Load', 'Unload']) {
      expect(await client.failure(`RepositoryModel${action}`, { model_name: 'm' })).toEqual({
        code: FAILED_PRECONDITION,
        details: expect.stringMatching(/^cannot (un)?load model "m": this server serves only the model in its image/),
      });
    }
  });

  test('P2 an unknown model or version is NOT_FOUND, and every reply has the version', async () => {
    const [client, server] = await start(identity('float', ['n']), {}, { version: '3' });
    const model = { code: NOT_FOUND, details: 'unknown model "other"; this server has "m"' };
    const of = (asked: string) => ({
      code: NOT_FOUND,
      details: `unknown version "${asked}"; model "m" has version "3"`,
    });
    for (const method of ['ModelReady', 'ModelMetadata', 'ModelConfig', 'ModelStatistics']) {
      expect(await client.failure(method, { name: 'other' })).toEqual(model);
      expect(await client.failure(method, { name: 'm', version: '1p0' })).toEqual(of('1p0'));
    }
    expect(await client.failure('ModelInfer', { ...rawFloats(1), model_name: 'other' })).toEqual(model);
    expect(await client.failure('ModelInfer', { ...rawFloats(1), model_version: '9' })).toEqual(of('9'));
    for (const model_version of ['', '3']) {
      const reply = await client.call('ModelInfer', { ...rawFloats(1), model_version });
      expect([reply.model_name, reply.model_version]).toEqual(['m', '3']);
    }
    // A request for a different model creates no series and is not counted.
    expect(await server.metrics()).toContain('outcome="invalid"} 0');
  });
});

describe('P8 raw or typed', () => {
  let client: GrpcClient;
  const infer = (request: object) => client.call('ModelInfer', { model_name: 'm', ...request });
  const refusal = async (request: object) => {
    const { code, details } = await client.failure('ModelInfer', { model_name: 'm', ...request });
    expect(code).toBe(INVALID_ARGUMENT);
    return details;
  };
  beforeAll(async () => ([client] = await start(TWO)));

  test('raw inputs have a raw reply', async () => {
    expect(await infer({ id: 'seven', inputs: [X, S], raw_input_contents: RAW })).toEqual({
      model_name: 'm',
      model_version: '1',
      id: 'seven',
      parameters: {},
      ...BOTH,
    });
  });

  test('typed inputs also have a raw reply', async () => {
    const inputs = [
      { ...S, contents: BYTES },
      { ...X, contents: FP32 },
    ];
    expect(await infer({ inputs })).toMatchObject(BOTH);
  });

  test('refuses a request with both forms', async () => {
    const raw_input_contents = RAW;
    expect(await refusal({ inputs: [{ ...X, contents: FP32 }, S], raw_input_contents })).toBe(
      'input "x": it has contents, which cannot be combined with raw_input_contents',
    );
    // Some clients send empty contents with every tensor.
    expect(await infer({ inputs: [{ ...X, contents: {} }, S], raw_input_contents })).toMatchObject(BOTH);
  });

  test('refuses a wrong number of buffers', async () => {
    expect(await refusal({ inputs: [X, { ...S, contents: BYTES }], raw_input_contents: RAW.slice(0, 1) })).toBe(
      'raw_input_contents has 1 buffers, but the request has 2 inputs',
    );
    expect(await refusal({ inputs: [X, S], raw_input_contents: [...RAW, RAW[0]] })).toBe(
      'raw_input_contents has 3 buffers, but the request has 2 inputs',
    );
    expect(await refusal({ inputs: [X, S] })).toBe('input "x": it has no data');
  });

  test.each<[string, object, string]>([
    ['no inputs', {}, 'input "x" is missing; the model takes "x", "s"'],
    ['an unknown input', { inputs: [{ ...X, name: 'z' }] }, 'unknown input "z"; the model takes "x", "s"'],
    ['a repeated input', { inputs: [X, X] }, 'input "x" is given twice'],
    ['a wrong datatype', { inputs: [{ ...X, datatype: 'FP64' }] }, 'input "x" is FP64; the model takes FP32'],
    ['a wrong shape', { inputs: [{ ...X, shape: [1, 3] }] }, 'input "x" has shape [1,3]; the model takes [-1,2]'],
    [
      'a negative size',
      { inputs: [{ ...X, shape: [-1, 2] }] },
      'input "x": shape is [-1,2]; it must be an array of non-negative whole numbers',
    ],
    [
      'inconsistent sizes',
      { inputs: [{ ...X, shape: [2, 2] }, S] },
      'input "s" has size 1 for dimension "n"; input "x" has size 2',
    ],
    [
      'too few bytes',
      { inputs: [X, S], raw_input_contents: [RAW[0]?.subarray(1), RAW[1]] },
      'input "x": its binary data has 7 bytes; FP32 of shape [1,2] needs 8 bytes',
    ],
    [
      'too few elements',
      { inputs: [{ ...X, contents: { fp32_contents: [1] } }, S] },
      'input "x": fp32_contents has 1 elements; shape [1,2] needs 2',
    ],
    [
      'elements of the wrong type',
      { inputs: [{ ...X, contents: { int_contents: [1, 2] } }, S] },
      'input "x": it has int_contents; FP32 takes fp32_contents',
    ],
    [
      'bytes that are not text',
      { inputs: [{ ...S, contents: { bytes_contents: [Buffer.from([0xff])] } }, X] },
      'input "s": element 0 is not UTF-8 text without U+0000, which BYTES requires',
    ],
    [
      'shared memory',
      { inputs: [{ ...X, parameters: { shared_memory_region: { string_param: 'r' } } }, S], raw_input_contents: RAW },
      'input "x": shared memory is not supported',
    ],
    [
      'a parameter without a value',
      { inputs: [X, S], raw_input_contents: RAW, parameters: { a: {} } },
      'parameters.a is missing; a parameter must be a string, a number or a boolean',
    ],
    [
      'a timeout that is not a number',
      { inputs: [X, S], raw_input_contents: RAW, parameters: { timeout: { string_param: 'soon' } } },
      'parameters.timeout is "soon"; it must be a non-negative whole number of microseconds',
    ],
  ])('%s is refused', async (_, request, message) => {
    expect(await refusal(request)).toBe(message);
  });

  test('P1 returns the requested outputs in order, and names an unknown one', async () => {
    const request = { inputs: [X, S], raw_input_contents: RAW };
    const reply = await infer({ ...request, outputs: [{ name: 't' }] });
    expect(reply.outputs.map(({ name }: { name: string }) => name)).toEqual(['t']);
    expect(reply.raw_output_contents).toEqual([RAW[1]]);
    const swapped = await infer({ ...request, outputs: [{ name: 't' }, { name: 'y' }] });
    expect(swapped.raw_output_contents).toEqual([RAW[1], RAW[0]]);
    expect(await refusal({ ...request, outputs: [{ name: 'potato' }] })).toBe(
      'unknown output "potato"; the model returns "y", "t"',
    );
    expect(await refusal({ ...request, outputs: [{ name: 'y' }, { name: 'y' }] })).toBe(
      'output "y" is requested twice',
    );
    const classified = [{ name: 'y', parameters: { classification: { int64_param: 3 } } }];
    expect(await refusal({ ...request, outputs: classified })).toBe('outputs[0]: classification is not supported');
  });

  test('ignores unknown parameters', async () => {
    const parameters = {
      note: { string_param: 'x' },
      timeout: { int64_param: 60_000_000 },
      priority: { uint64_param: 1 },
      ratio: { double_param: 0.5 },
      binary_data_output: { bool_param: false },
    };
    const outputs = [{ name: 'y', parameters: { binary_data: { bool_param: false } } }];
    const reply = await infer({ inputs: [X, S], raw_input_contents: RAW, outputs, parameters });
    expect(reply.raw_output_contents).toEqual([RAW[0]]);
  });
});

describe('datatypes', () => {
  const typed: [Elem, string, object, Buffer][] = [
    ['bool', 'BOOL', { bool_contents: [true, false] }, Buffer.from([1, 0])],
    ['uint8', 'UINT8', { uint_contents: [0, 255] }, Buffer.from([0, 255])],
    ['uint16', 'UINT16', { uint_contents: [0, 65535] }, bytesOf(Uint16Array.of(0, 65535))],
    ['uint32', 'UINT32', { uint_contents: [0, 4294967295] }, bytesOf(Uint32Array.of(0, 4294967295))],
    [
      'uint64',
      'UINT64',
      { uint64_contents: ['9007199254740993', '18446744073709551615'] },
      bytesOf(BigUint64Array.of(9007199254740993n, 18446744073709551615n)),
    ],
    ['int8', 'INT8', { int_contents: [-128, 127] }, bytesOf(Int8Array.of(-128, 127))],
    ['int16', 'INT16', { int_contents: [-32768, 32767] }, bytesOf(Int16Array.of(-32768, 32767))],
    ['int32', 'INT32', { int_contents: [-2147483648, 1] }, bytesOf(Int32Array.of(-2147483648, 1))],
    [
      'int64',
      'INT64',
      { int64_contents: ['-9223372036854775808', '9007199254740993'] },
      bytesOf(BigInt64Array.of(-9223372036854775808n, 9007199254740993n)),
    ],
    ['float', 'FP32', { fp32_contents: [NaN, -Infinity] }, bytesOf(Float32Array.of(NaN, -Infinity))],
    ['double', 'FP64', { fp64_contents: [NaN, -0] }, bytesOf(Float64Array.of(NaN, -0))],
  ];

  function bytesOf({ buffer }: { buffer: ArrayBufferLike }): Buffer {
    return Buffer.from(buffer as ArrayBuffer);
  }

  test('accepts typed contents of every kind', async () => {
    const elems = typed.map(([elem]) => elem);
    const [client] = await start({
      inputs: elems.map((elem) => value(`x_${elem}`, elem, ['n'])),
      outputs: elems.map((elem) => value(`y_${elem}`, elem, ['n'])),
      nodes: elems.map((elem) => node('Identity', [`x_${elem}`], [`y_${elem}`])),
    });
    const inputs = typed.map(([elem, datatype, contents]) => ({ name: `x_${elem}`, datatype, shape: [2], contents }));
    const reply = await client.call('ModelInfer', { model_name: 'm', inputs });
    expect(reply.raw_output_contents).toEqual(typed.map(([, , , bytes]) => bytes));
  });

  test.each<[Elem, string, object, string]>([
    ['uint8', 'UINT8', { uint_contents: [300] }, 'element 0 is 300; UINT8 takes a whole number from 0 to 255'],
    ['int8', 'INT8', { int_contents: [-129] }, 'element 0 is -129; INT8 takes a whole number from -128 to 127'],
    ['float16', 'FP16', { fp32_contents: [1] }, 'FP16 has no typed contents; send it in raw_input_contents'],
  ])('%s: %s of %j: %s', async (elem, datatype, contents, message) => {
    const [client] = await start(identity(elem, ['n']));
    const inputs = [{ name: 'x', datatype, shape: [1], contents }];
    expect(await client.failure('ModelInfer', { model_name: 'm', inputs })).toEqual({
      code: INVALID_ARGUMENT,
      details: `input "x": ${message}`,
    });
  });

  test('M3 preserves every bit of FP16', async () => {
    const [client] = await start(identity('float16', ['n']));
    // NaN, -0, the smallest subnormal number and the largest number.
    const bytes = bytesOf(Uint16Array.of(0x7e01, 0x8000, 0x0001, 0x7bff));
    const outputs = [{ name: 'y' }];
    for (const request of [rawRequest('FP16', [4], bytes), { ...rawRequest('FP16', [4], bytes), outputs }]) {
      expect((await client.call('ModelInfer', request)).raw_output_contents).toEqual([bytes]);
    }
  });

  test('M15 text makes the round trip, and invalid text is refused', async () => {
    const [client] = await start(identity('string', ['n']));
    const texts = ['é漢😀', '', 'plain'].map((text) => Buffer.from(text));
    const length = ({ length }: Buffer) => bytesOf(Uint32Array.of(length));
    const raw = Buffer.concat(texts.flatMap((text) => [length(text), text]));
    const input = { name: 'x', datatype: 'BYTES', shape: [3], contents: { bytes_contents: texts } };
    for (const request of [rawRequest('BYTES', [3], raw), { model_name: 'm', inputs: [input] }]) {
      expect((await client.call('ModelInfer', request)).raw_output_contents).toEqual([raw]);
    }
    for (const bad of [Buffer.from('a\0b'), Buffer.from([0xff])]) {
      const bytes = Buffer.concat([length(bad), bad]);
      const { code, details } = await client.failure('ModelInfer', rawRequest('BYTES', [1], bytes));
      expect(code).toBe(INVALID_ARGUMENT);
      expect(details).toBe('input "x": element 0 of its binary data is not UTF-8 text without U+0000');
    }
  });

  test('M19 an empty batch has an empty result', async () => {
    const [client] = await start(identity('float', ['n', 4]));
    const empty = rawRequest('FP32', [0, 4], Buffer.alloc(0));
    for (const request of [
      empty,
      { ...empty, raw_input_contents: [], inputs: [{ ...empty.inputs[0], contents: {} }] },
    ]) {
      const reply = await client.call('ModelInfer', request);
      expect([reply.outputs[0].shape, reply.raw_output_contents]).toEqual([[0, 4], [Buffer.alloc(0)]]);
    }
  });
});

describe('transport', () => {
  test('P9 messages of 11 MB in both directions, and RESOURCE_EXHAUSTED beyond the limit', async () => {
    const [client] = await start(identity('float', ['n']), { maxRequestBytes: 11_001_000 });
    const bytes = Buffer.alloc(11_000_000, 7);
    const reply = await client.call('ModelInfer', rawRequest('FP32', [bytes.length / 4], bytes));
    expect(bytes.equals(reply.raw_output_contents[0])).toBe(true);

    const request = rawFloats(...new Array(100).fill(1));
    const { requestType } = methodOf('ModelInfer');
    const size = requestType.encode(requestType.fromObject(request)).finish().length;
    const [limited] = await start(identity('float', ['n']), { maxRequestBytes: size });
    expect((await limited.call('ModelInfer', request)).outputs[0].shape).toEqual([100]);
    expect(await limited.failure('ModelInfer', { ...request, id: 'x'.repeat(10) })).toEqual({
      code: RESOURCE_EXHAUSTED,
      details: `the message has ${size + 12} bytes; maxRequestBytes is ${size}`,
    });
  });

  test('gzip, whose limit applies to the decompressed size', async () => {
    const server = await ServerProcess.start(identity('float', ['n']), { maxRequestBytes: 10_000 });
    const client = new GrpcClient(server.grpcTarget, { 'grpc.default_compression_algorithm': 2 });
    const values = new Array(1000).fill(0.5);
    expect(floatsOf(await client.call('ModelInfer', rawFloats(...values)))).toEqual(values);
    expect(await client.failure('ModelInfer', rawFloats(...values, ...values, ...values))).toEqual({
      code: RESOURCE_EXHAUSTED,
      details: 'the message is too large after decompression; the limit of maxRequestBytes is 10000 bytes',
    });
  });

  test('an invalid message is INVALID_ARGUMENT, and an unknown method UNIMPLEMENTED', async () => {
    const [client] = await start(identity('float', ['n']));
    const send = (method: string, bytes: Buffer) =>
      client.send(`/inference.GRPCInferenceService/${method}`, bytes).catch(({ code, details }) => ({ code, details }));
    for (const [method, message] of [
      ['ModelInfer', 'inference.ModelInferRequest'],
      ['ModelReady', 'inference.ModelReadyRequest'],
    ] as const) {
      expect(await send(method, Buffer.from([0x0a, 0xff]))).toEqual({
        code: INVALID_ARGUMENT,
        details: expect.stringMatching(new RegExp(`^the message is not a valid ${message}: `)),
      });
    }
    expect(await send('Nothing', Buffer.alloc(0))).toMatchObject({ code: UNIMPLEMENTED });
    expect(await client.call('ServerLive')).toEqual({ live: true });
  });

  test('an error that quotes a long name fits in a header, with any characters', async () => {
    const [client] = await start(identity('float', ['n']));
    for (const name of ['漢'.repeat(100_000), '😀'.repeat(100_000), `x${'😀'.repeat(1000)}`]) {
      const { code, details } = await client.failure('ModelInfer', { model_name: 'm', inputs: [{ ...X, name }] });
      expect([code, details.slice(0, 16)]).toEqual([INVALID_ARGUMENT, `unknown input "${name.slice(0, 1)}`]);
    }
  });

  test('requests count in the same metrics as HTTP requests', async () => {
    const [client, server] = await start(identity('float', ['n']));
    await client.call('ModelInfer', rawFloats(1));
    await client.failure('ModelInfer', { model_name: 'm' });
    const metrics = await server.metrics();
    expect(metrics).toContain('inference_requests_total{model="m",version="1",outcome="success"} 1');
    expect(metrics).toContain('inference_requests_total{model="m",version="1",outcome="invalid"} 1');
  });

  test('a stream answers requests in order, including errors', async () => {
    const [client] = await start(identity('float', ['n']));
    const stream = client.stream('ModelStreamInfer');
    for (const id of ['1', '2', '3']) stream.write({ ...rawFloats(Number(id)), id, ...(id === '2' && { inputs: [] }) });
    stream.end();
    const replies = [];
    for await (const { error_message, infer_response } of stream) {
      replies.push(error_message || [infer_response.id, ...floatsOf(infer_response)]);
    }
    expect(replies).toEqual([['1', 1], 'input "x" is missing; the model takes "x"', ['3', 3]]);
  });
});
