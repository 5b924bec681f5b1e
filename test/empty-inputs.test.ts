import { join } from 'node:path';
import { OnnxModel } from '../lib';
import { GrpcClient } from './support/grpc-client';
import { recurrent } from './support/models';
import { writeOnnxModel } from './support/onnx-builder';
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
  ])('%d steps of %d rows are rejected, over HTTP and gRPC, and the server keeps running', async (steps, rows) => {
    const { endsOnEmptyInput } = OnnxModel.fromFile(
      writeOnnxModel(join(folder, `${operator}.onnx`), recurrent(operator)),
    ).manifest();
    const edit = (manifest: object) => Object.assign(manifest, { endsOnEmptyInput });
    const server = await ServerProcess.start(recurrent(operator), {}, { edit });
    const error = `input "x" has shape [${steps},${rows},3]; the model accepts no empty input, because its ${operator} (node "layer") cannot run on it`;
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

test('an empty input that crashed the trial is rejected', async () => {
  const edit = (manifest: object) => Object.assign(manifest, { endsOnEmptyInput: {} });
  const server = await ServerProcess.start(recurrent('RNN'), {}, { edit });
  const error = 'input "x" has shape [2,0,3]; the model accepts no empty input, because it cannot run on it';
  expect(await server.infer(request(2, 0))).toMatchObject({ status: 400, body: { error } });
});

test('RNN accepts empty inputs', async () => {
  const file = writeOnnxModel(join(folder, 'rnn.onnx'), recurrent('RNN'));
  expect(OnnxModel.fromFile(file).manifest().endsOnEmptyInput).toBeUndefined();
  const server = await ServerProcess.start(recurrent('RNN'));
  expect(await server.infer(request(2, 0))).toMatchObject({
    status: 200,
    body: { outputs: [{ shape: [2, 1, 0, 2] }] },
  });
});
