import { join } from 'node:path';
import { OnnxModel } from '../lib';
import { GrpcClient } from './support/grpc-client';
import { recurrent } from './support/models';
import { initializer, node, value, writeOnnxModel, type ModelParts } from './support/onnx-builder';
import { ServerProcess } from './support/server';
import { temporaryFolder } from './support/temporary-folder';

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
    const error = `input "x" has shape [${steps},${rows},3]; the model takes no empty input, on which its ${operator} (node "layer") is not safe`;
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
  const error = 'input "x" has shape [2,0,3]; the model takes no empty input, on which it is not safe';
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
