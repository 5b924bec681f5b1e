import { Agent, request } from 'node:http';
import { elementCount } from '../../../inference-image/src/contract/signature';
import type { Tensor } from '../../../inference-image/src/tensor/tensor';
import { decodeBinaryData, encodeBinaryData } from '../../../inference-image/src/protocol/binary-data';
import { initializer, node, value, identity, type Elem, type ModelParts } from '../../support/onnx-builder';
import { floats } from '../../support/requests';
import { ServerProcess, type Reply } from '../../support/server';

/** POSTs one input as binary data, with the correct length header by default. */
async function inferBinary(
  server: ServerProcess,
  { data, ...header }: Omit<Tensor, 'data'> & { data: Buffer },
  headers: Record<string, string> = {},
  request: object = { parameters: { binary_data_output: true } },
): Promise<Reply> {
  const input = { ...header, parameters: { binary_data_size: data.length } };
  const json = Buffer.from(JSON.stringify({ ...request, inputs: [input] }));
  const length = { 'inference-header-content-length': String(json.length) };
  return server.infer(Buffer.concat([json, data]), { headers: { ...length, ...headers } });
}

/** Decodes the outputs of a reply with binary data. */
function binaryOutputs({ headers, body }: Reply): Tensor[] {
  let at = Number(headers.get('inference-header-content-length'));
  const { outputs } = JSON.parse(body.subarray(0, at));
  return outputs.map(({ parameters, ...header }: any) => {
    const bytes = body.subarray(at, at + parameters.binary_data_size);
    at += bytes.length;
    return { ...header, data: decodeBinaryData(header, bytes) };
  });
}

/** Model with one input and one output of each of the given types. */
function identities(elems: readonly Elem[]): ModelParts {
  return {
    inputs: elems.map((elem) => value(`x_${elem}`, elem, [`n_${elem}`])),
    outputs: elems.map((elem) => value(`y_${elem}`, elem, [`n_${elem}`])),
    nodes: elems.map((elem) => node('Identity', [`x_${elem}`], [`y_${elem}`])),
  };
}

describe('JSON', () => {
  const values = {
    bool: ['BOOL', [true, false]],
    uint8: ['UINT8', [0, 255]],
    uint16: ['UINT16', [0, 65535]],
    uint32: ['UINT32', [0, 4294967295]],
    uint64: ['UINT64', ['0', '18446744073709551615']],
    int8: ['INT8', [-128, 127]],
    int16: ['INT16', [-32768, 32767]],
    int32: ['INT32', [-2147483648, 2147483647]],
    int64: ['INT64', ['-9223372036854775808', '9007199254740993']],
    float: ['FP32', [0.1, 16777216, 'NaN', 'Infinity', '-Infinity']],
    double: ['FP64', [0.1, 1e308, 'NaN', 'Infinity', '-Infinity']],
    string: ['BYTES', ['é漢😀', '', '"\\']],
  } as const;
  const elems = Object.keys(values) as (keyof typeof values)[];

  test('every datatype makes the round trip through the runtime', async () => {
    const server = await ServerProcess.start(identities(elems), {}, { version: '1p' });
    const inputs = elems.map((elem) => {
      const [datatype, data] = values[elem];
      return { name: `x_${elem}`, datatype, shape: [data.length], data };
    });
    // Long integers are sent as plain digits, which JSON.stringify cannot write.
    const unquoted = (json: string) => json.replace(/"(-?\d+)"/g, '$1');
    const reply = await fetch(`${server.url}/v2/models/m/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: unquoted(JSON.stringify({ inputs })),
    });
    const outputs = inputs.map(({ name, datatype, shape, data }) => ({
      name: name.replace('x', 'y'),
      datatype,
      shape,
      data,
    }));
    const response = { model_name: 'm', model_version: '1p', outputs };
    expect(await reply.text()).toBe(unquoted(JSON.stringify(response)));
    expect(reply.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  test('P12 an output has its own rank, with flat data in row-major order', async () => {
    const server = await ServerProcess.start({
      inputs: [value('x', 'float', ['n', 2])],
      outputs: [value('sum', 'float', ['n']), value('turned', 'float', [2, 'n']), value('scalar', 'float', [])],
      nodes: [
        node('ReduceSum', ['x', 'axis'], ['sum'], { attributes: { keepdims: 0 } }),
        node('Transpose', ['x'], ['turned']),
        node('ReduceSum', ['x'], ['scalar'], { attributes: { keepdims: 0 } }),
      ],
      initializers: [initializer('axis', 'int64', [1], BigInt64Array.from([1n]))],
    });
    const { body } = await server.infer({
      inputs: [
        {
          name: 'x',
          datatype: 'FP32',
          shape: [3, 2],
          data: [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
        },
      ],
    });
    expect(body.outputs).toEqual([
      { name: 'sum', datatype: 'FP32', shape: [3], data: [3, 7, 11] },
      { name: 'turned', datatype: 'FP32', shape: [2, 3], data: [1, 3, 5, 2, 4, 6] },
      { name: 'scalar', datatype: 'FP32', shape: [], data: [21] },
    ]);
    const { body: one } = await server.infer({
      id: 'q',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
      outputs: [{ name: 'scalar' }],
    });
    expect(one).toEqual({
      model_name: 'm',
      model_version: '1',
      id: 'q',
      outputs: [{ name: 'scalar', datatype: 'FP32', shape: [], data: [3] }],
    });
  });

  test('M16 NaN and infinities are strings, so that the JSON is strict', async () => {
    const server = await ServerProcess.start({
      inputs: [value('a', 'float', ['n']), value('b', 'float', ['n'])],
      outputs: [value('y', 'float', ['n'])],
      nodes: [node('Div', ['a', 'b'], ['y'])],
    });
    const { status, body } = await server.infer({
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [3], data: [1, -1, 0] },
        { name: 'b', datatype: 'FP32', shape: [3], data: [0, 0, 0] },
      ],
    });
    expect([status, body.outputs[0].data]).toEqual([200, ['Infinity', '-Infinity', 'NaN']]);
  });

  test('M19 an empty batch gives an empty output', async () => {
    const server = await ServerProcess.start({
      inputs: [value('x', 'float', ['n', 4])],
      outputs: [value('y', 'float', ['n', 3])],
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      initializers: [initializer('w', 'float', [4, 3], new Float32Array(12).fill(1))],
    });
    const input = { name: 'x', datatype: 'FP32' as const };
    const { status, body } = await server.infer({ inputs: [{ ...input, shape: [0, 4], data: [] }] });
    expect([status, body.outputs[0]]).toEqual([200, { name: 'y', datatype: 'FP32', shape: [0, 3], data: [] }]);
    const binary = await inferBinary(server, { ...input, shape: [0, 4], data: Buffer.alloc(0) });
    expect([binary.status, binary.body.outputs[0].shape]).toEqual([200, [0, 3]]);
    const next = await server.infer({ inputs: [{ ...input, shape: [1, 4], data: [1, 2, 3, 4] }] });
    expect(next.body.outputs[0].data).toEqual([10, 10, 10]);
  });

  test('M9 accepts inputs with different leading sizes', async () => {
    const server = await ServerProcess.start({
      inputs: [value('a', 'float', ['n', 4]), value('b', 'float', ['m', 3])],
      outputs: [value('s', 'float', []), value('t', 'float', [])],
      nodes: [
        node('ReduceSum', ['a'], ['s'], { attributes: { keepdims: 0 } }),
        node('ReduceSum', ['b'], ['t'], { attributes: { keepdims: 0 } }),
      ],
    });
    const { status, body } = await server.infer({
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [2, 4], data: [1, 1, 1, 1, 1, 1, 1, 1] },
        { name: 'b', datatype: 'FP32', shape: [3, 3], data: [1, 1, 1, 1, 1, 1, 1, 1, 1] },
      ],
    });
    expect([status, body.outputs.map(({ data }: any) => data)]).toEqual([200, [[8], [9]]]);
  });

  test("an input that the model cannot run on gets a 400 with the runtime's reason", async () => {
    const server = await ServerProcess.start({
      inputs: [value('index', 'int64', ['n'])],
      outputs: [value('y', 'float', ['n'])],
      nodes: [node('Gather', ['table', 'index'], ['y'])],
      initializers: [initializer('table', 'float', [3], Float32Array.from([1, 2, 3]))],
    });
    const input = { name: 'index', datatype: 'INT64', shape: [1] };
    const { status, body } = await server.infer({ inputs: [{ ...input, data: [9] }] });
    expect(status).toBe(400);
    expect(body.error).toMatch(/^the model cannot run on this input: .*indices element out of data bounds, idx=9/);
    expect((await server.infer({ inputs: [{ ...input, data: [2] }] })).body.outputs[0].data).toEqual([3]);
    expect(server.stderr).toBe('');
  });
});

describe('binary data', () => {
  test('M3 FP16 is exact bit for bit, and the error for JSON suggests binary data', async () => {
    const server = await ServerProcess.start(identity('float16', ['n']));
    const bits = Uint16Array.from([0x3c00, 0x7e01, 0x8000, 0x0001, 0x7c00]);
    const tensor: Tensor = { name: 'x', datatype: 'FP16', shape: [bits.length], data: bits };
    const reply = await inferBinary(server, { ...tensor, data: encodeBinaryData(tensor) });
    expect(reply.headers.get('content-type')).toBe('application/octet-stream');
    expect(binaryOutputs(reply)).toEqual([{ ...tensor, name: 'y' }]);

    const json = await server.infer({ inputs: [{ name: 'x', datatype: 'FP16', shape: [1], data: [1] }] });
    const error = 'input "x": FP16 has no JSON form; send and request it as binary data';
    expect([json.status, json.body]).toEqual([400, { error }]);
    const mixed = await inferBinary(server, { ...tensor, data: encodeBinaryData(tensor) }, {}, {});
    expect([mixed.status, mixed.body.error]).toEqual([
      400,
      expect.stringContaining('output "y": FP16 has no JSON form'),
    ]);
  });

  test('M15 strings make the round trip, and those that the runtime would corrupt are refused', async () => {
    const server = await ServerProcess.start(identity('string', ['n']));
    const data = ['é漢😀', '', 'a\nb'];
    const tensor: Tensor = { name: 'x', datatype: 'BYTES', shape: [3], data };
    const json = await server.infer({ inputs: [tensor] });
    expect([json.status, json.body.outputs[0].data]).toEqual([200, data]);
    const binary = await inferBinary(server, { ...tensor, data: encodeBinaryData(tensor) });
    expect(binaryOutputs(binary)).toEqual([{ ...tensor, name: 'y' }]);

    const nul = await server.infer({ inputs: [{ ...tensor, shape: [1], data: ['a\0b'] }] });
    expect([nul.status, nul.body.error]).toEqual([400, expect.stringContaining('a string without U+0000')]);
    const invalid = await inferBinary(server, { ...tensor, shape: [1], data: Buffer.from([1, 0, 0, 0, 0xff]) });
    expect([invalid.status, invalid.body.error]).toEqual([400, expect.stringContaining('is not UTF-8 text')]);
    expect((await server.infer(Buffer.from([0x7b, 0xff, 0x7d]))).status).toBe(400);
  });

  describe('P6', () => {
    let server: ServerProcess;
    const tensor: Tensor = { name: 'x', datatype: 'FP32', shape: [2], data: Float32Array.from([1, NaN]) };
    const input = { ...tensor, data: encodeBinaryData(tensor) };
    beforeAll(async () => (server = await ServerProcess.start(identity('float', ['n']))));

    test.each(['-1', 'abc', '1.5', '99999', '2147483648', '18446744073709551616'])(
      'header length %s',
      async (length) => {
        const { status, body } = await inferBinary(server, input, { 'inference-header-content-length': length });
        expect([status, body.error]).toEqual([400, expect.stringContaining('Inference-Header-Content-Length is')]);
      },
    );

    test.each([-1, 1])('refuses data whose length is off by %d byte', async (by) => {
      const data = Buffer.concat([input.data, Buffer.alloc(1)]).subarray(0, input.data.length + by);
      const { status, body } = await inferBinary(server, { ...input, data });
      expect([status, body.error]).toEqual([
        400,
        `input "x": its binary data has ${8 + by} bytes; FP32 of shape [2] needs 8 bytes`,
      ]);
    });

    test('refuses binary data without the header', async () => {
      const body = { inputs: [{ ...input, data: undefined, parameters: { binary_data_size: 8 } }] };
      expect((await server.infer(body)).body.error).toBe(
        'input "x": binary_data_size is 8, but the body has only 0 bytes left',
      );
    });

    test('accepts a raw request', async () => {
      const reply = await server.infer(input.data, { headers: { 'inference-header-content-length': '0' } });
      expect(binaryOutputs(reply)).toEqual([{ ...tensor, name: 'y' }]);
    });

    test('accepts a request without a content type, as sent by tritonclient', async () => {
      const json = Buffer.from(JSON.stringify({ inputs: [{ ...tensor, data: [1, 2] }] }));
      const response = await fetch(`${server.url}/v2/models/m/infer`, { method: 'POST', body: new Uint8Array(json) });
      expect(await response.json()).toMatchObject({ outputs: [{ data: [1, 2] }] });
    });
  });

  test('D5 accepts a tensor of 20 MB', async () => {
    const server = await ServerProcess.start(identity('float', ['n']), { maxRequestBytes: 2 ** 25 });
    const data = new Float32Array(5_000_000).map((_, i) => i);
    const tensor: Tensor = { name: 'x', datatype: 'FP32', shape: [data.length], data };
    const [output] = binaryOutputs(await inferBinary(server, { ...tensor, data: encodeBinaryData(tensor) }));
    expect(elementCount(output!.shape)).toBe(5_000_000);
    expect(Buffer.compare(encodeBinaryData(output!), encodeBinaryData(tensor))).toBe(0);
    // The limit is generous, because this test takes long on a busy machine.
  }, 240_000);
});

test('a request refused before its body is read keeps its connection, unless the body is too large', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { maxRequestBytes: 1000 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports: Array<number | undefined> = [];
  const post = (body: string, origin = server.url) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { origin, 'content-length': Buffer.byteLength(body) };
      const call = request(`${server.url}/v2/models/m/infer`, { method: 'POST', agent, headers }, (reply) => {
        ports.push(reply.socket.localPort);
        reply.resume().on('end', () => resolve(reply.statusCode));
      });
      call.on('error', reject).end(body);
    });
  const good = JSON.stringify(floats(1));
  expect(await post(good, 'https://elsewhere.example')).toBe(403);
  expect(await post(good)).toBe(200);
  expect(await post(' '.repeat(1001))).toBe(413);
  expect(await post(good)).toBe(200);
  agent.destroy();
  const [refused, first, tooLarge, last] = ports;
  expect([first === refused, tooLarge === first, last === tooLarge]).toEqual([true, true, false]);
});
