import { join } from 'node:path';
import { OnnxModel } from '../../lib';
import { GrpcClient } from '../support/grpc-client';
import { recurrent } from '../support/models';
import { initializer, node, value, writeOnnxModel, type ModelParts } from '../support/onnx-builder';
import { ServerProcess } from '../support/server';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const request = (steps: number, rows: number) => ({
  inputs: [{ name: 'x', datatype: 'FP32', shape: [steps, rows, 3], data: new Array(steps * rows * 3).fill(1) }],
});

describe.each(['LSTM', 'GRU'] as const)('%s, whose empty inputs crash the runtime', (operator) => {
  test.each([
    [2, 0],
    [0, 2],
  ])('%d steps of %d rows are refused, over HTTP and gRPC, and the server continues', async (steps, rows) => {
    const { unsafeOnEmptyInput } = OnnxModel.fromFile(
      writeOnnxModel(join(folder, `${operator}.onnx`), recurrent(operator)),
    ).manifest();
    const edit = (manifest: object) => Object.assign(manifest, { unsafeOnEmptyInput });
    const server = await ServerProcess.start(recurrent(operator), {}, { edit });
    const error = `input "x" has shape [${steps},${rows},3]; the model accepts no empty inputs, because its ${operator} (node "layer") is not safe on them`;
    expect(await server.infer(request(steps, rows))).toMatchObject({ status: 400, body: { error } });
    const raw = {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [steps, rows, 3] }],
      raw_input_contents: [Buffer.alloc(0)],
    };
    await expect(
      new GrpcClient(server.grpcTarget).call('ModelInfer', { model_name: 'm', ...raw }),
    ).rejects.toMatchObject({
      details: error,
    });
    expect((await server.infer(request(2, 3))).status).toBe(200);
  });
});

test.each([
  [0, 4],
  [2, 0],
])('TopK, which crashes the runtime on %d rows of %d elements', async (rows, width) => {
  const parts: ModelParts = {
    inputs: [value('x', 'float', ['rows', 'width'])],
    outputs: [value('y', 'float', ['rows', 1]), value('at', 'int64', ['rows', 1])],
    nodes: [node('TopK', ['x', 'k'], ['y', 'at'], { name: 'layer' })],
    initializers: [initializer('k', 'int64', [1], BigInt64Array.of(1n))],
  };
  const { unsafeOnEmptyInput } = OnnxModel.fromFile(writeOnnxModel(join(folder, 'TopK.onnx'), parts)).manifest();
  expect(unsafeOnEmptyInput).toEqual({ node: 'layer', operator: 'TopK' });
  const server = await ServerProcess.start(
    parts,
    {},
    { edit: (manifest) => Object.assign(manifest, { unsafeOnEmptyInput }) },
  );
  const empty = { inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, width], data: [] }] };
  const error = `input "x" has shape [${rows},${width}]; the model accepts no empty inputs, because its TopK (node "layer") is not safe on them`;
  expect(await server.infer(empty)).toMatchObject({ status: 400, body: { error } });
  const full = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] };
  expect((await server.infer(full)).status).toBe(200);
});

describe('sums of products of integers, which do not write their result if the sum has no terms', () => {
  const scale = initializer('s', 'float', [], Float32Array.of(1));
  const zero = initializer('z', 'uint8', [], Uint8Array.of(0));
  const product = (operator: string, inputs: string[], elem: 'int32' | 'uint8' | 'float', domain = ''): ModelParts => ({
    inputs: [value('a', 'uint8', ['rows', 'k']), value('b', 'uint8', ['k', 2])],
    outputs: [value('y', elem, ['rows', 2])],
    nodes: [node(operator, inputs, ['y'], { name: 'layer', domain })],
    initializers: [scale, zero],
    opsets: { '': 17, 'com.microsoft': 1 },
  });
  const microsoft = 'com.microsoft';

  test.each([
    ['MatMulInteger', product('MatMulInteger', ['a', 'b'], 'int32')],
    ['QLinearMatMul', product('QLinearMatMul', ['a', 's', 'z', 'b', 's', 'z', 's', 'z'], 'uint8')],
    [
      'com.microsoft:MatMulIntegerToFloat',
      product('MatMulIntegerToFloat', ['a', 'b', 's', 's', 'z', 'z'], 'float', microsoft),
    ],
    [
      'ConvInteger',
      {
        ...product('ConvInteger', ['a', 'b'], 'int32'),
        inputs: [value('a', 'uint8', ['rows', 'k', 3]), value('b', 'uint8', [2, 'k', 1])],
        outputs: [value('y', 'int32', ['rows', 2, 3])],
      },
    ],
    ['com.microsoft:QGemm', product('QGemm', ['a', 's', 'z', 'b', 's', 'z'], 'float', microsoft)],
  ])('%s', (operator, parts) => {
    const file = writeOnnxModel(join(folder, 'product.onnx'), parts);
    expect(OnnxModel.fromFile(file).manifest().unsafeOnEmptyInput).toEqual({ node: 'layer', operator });
  });
});

test('an empty input on which the trial crashed is refused', async () => {
  const edit = (manifest: object) => Object.assign(manifest, { unsafeOnEmptyInput: {} });
  const server = await ServerProcess.start(recurrent('RNN'), {}, { edit });
  const error = 'input "x" has shape [2,0,3]; the model accepts no empty inputs, because it is not safe on them';
  expect(await server.infer(request(2, 0))).toMatchObject({ status: 400, body: { error } });
});

test('RNN accepts empty inputs', async () => {
  const file = writeOnnxModel(join(folder, 'rnn.onnx'), recurrent('RNN'));
  expect(OnnxModel.fromFile(file).manifest().unsafeOnEmptyInput).toBeUndefined();
  const server = await ServerProcess.start(recurrent('RNN'));
  expect(await server.infer(request(2, 0))).toMatchObject({
    status: 200,
    body: { outputs: [{ shape: [2, 1, 0, 2] }] },
  });
});

describe('a product of matrices over an empty axis, which the runtime may leave unwritten', () => {
  const turned = (name: string, from: string, rank: number) =>
    node('Transpose', [from], [name], {
      attributes: { perm: [...Array(rank - 2).keys(), rank - 1, rank - 2] },
    });
  const attention = [
    turned('kt', 'k', 3),
    node('MatMul', ['q', 'kt'], ['s']),
    node('Softmax', ['s'], ['p']),
    node('MatMul', ['p', 'v'], ['y'], { name: 'weighted' }),
  ];
  const output = value('y', 'float', ['rows', 'm', 4]);
  const unsafe = (parts: ModelParts) =>
    OnnxModel.fromFile(writeOnnxModel(join(folder, 'product.onnx'), parts)).manifest().unsafeOnEmptyInput;

  test('of two inputs', () => {
    expect(
      unsafe({
        inputs: [value('a', 'float', ['rows', 'k']), value('b', 'float', [4, 'k'])],
        outputs: [value('y', 'float', ['rows', 4])],
        nodes: [turned('bt', 'b', 2), node('MatMul', ['a', 'bt'], ['y'], { name: 'product' })],
      }),
    ).toEqual({ node: 'product', operator: 'MatMul', unless: ['rows'] });
  });

  test('is not reported for attention to the same sequence, whose result is empty too', () => {
    const inputs = ['q', 'k', 'v'].map((name) => value(name, 'float', ['rows', 'm', 4]));
    expect(unsafe({ inputs, outputs: [output], nodes: attention })).toBeUndefined();
  });

  test('is reported for attention to a different sequence', () => {
    const inputs = [
      value('q', 'float', ['rows', 'm', 4]),
      ...['k', 'v'].map((name) => value(name, 'float', ['rows', 'n', 4])),
    ];
    expect(unsafe({ inputs, outputs: [output], nodes: attention })).toEqual({
      node: 'weighted',
      operator: 'MatMul',
      unless: ['rows', 'm'],
    });
  });

  test('does not prevent a cache of past steps that is empty at first', async () => {
    const parts: ModelParts = {
      inputs: [
        value('q', 'float', ['rows', 'm', 4]),
        ...['past_k', 'past_v'].map((name) => value(name, 'float', ['rows', 'past', 4])),
      ],
      outputs: [output],
      nodes: [
        node('Concat', ['past_k', 'q'], ['k'], { attributes: { axis: 1 } }),
        node('Concat', ['past_v', 'q'], ['v'], { attributes: { axis: 1 } }),
        ...attention,
      ],
    };
    const unsafeOnEmptyInput = unsafe(parts);
    expect(unsafeOnEmptyInput).toEqual({ node: 'weighted', operator: 'MatMul', unless: ['rows', 'm', 'past'] });
    const edit = (manifest: object) => Object.assign(manifest, { unsafeOnEmptyInput });
    const server = await ServerProcess.start(parts, {}, { edit });
    const steps = (m: number, past: number) => ({
      inputs: Object.entries({ q: m, past_k: past, past_v: past }).map(([name, size]) => ({
        name,
        datatype: 'FP32',
        shape: [1, size, 4],
        data: new Array(4 * size).fill(1),
      })),
    });
    expect(await server.infer(steps(1, 0))).toMatchObject({ status: 200, body: { outputs: [{ data: [1, 1, 1, 1] }] } });
    expect(await server.infer(steps(0, 2))).toMatchObject({ status: 200, body: { outputs: [{ shape: [1, 0, 4] }] } });
    expect(await server.infer(steps(0, 0))).toMatchObject({
      status: 400,
      body: {
        error:
          'input "q" has shape [1,0,4]; the model accepts no empty inputs, because its MatMul (node "weighted") is not safe on them',
      },
    });
  });
});
