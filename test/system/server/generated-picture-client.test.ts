import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { ROOT } from '../../support/root';
import { clientSource } from '../../../lib/client/client-source';
import { BuildContext, modelFiles } from '../../../lib/container-image/build-context';
import { identity, writeOnnxModel } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';
import { temporaryFolder } from '../../support/temporary-folder';

const folder = temporaryFolder();
const digits = join(ROOT, 'examples/digits');
const picture = (name: string) => readFileSync(join(digits, 'pictures', name));

/** Starts a server for the model, and returns a function that creates the model's generated client. */
async function clientOf(path: string, props: OnnxModelProps): Promise<(options?: object) => any> {
  const model = OnnxModel.fromFile(path, { name: 'm', ...props });
  const context = mkdtempSync(join(folder, 'context-'));
  new BuildContext(modelFiles(model)).stage(context);
  const server = ServerProcess.spawn(join(context, 'model'));
  const file = join(context, 'm-client.ts');
  writeFileSync(file, clientSource(model, 'model-serving client m.onnx'));
  const { MClient } = jest.requireActual(file);
  await server.waitForLog(({ msg }) => msg === 'ready');
  return (options) => new MClient({ url: server.url, ...options });
}

describe.each(['binary', 'json'])('digits, by %s', (protocol) => {
  let client: any;
  beforeAll(async () => {
    const props: OnnxModelProps = {
      picture: { color: 'rgb', mean: 0.5, std: 0.5 },
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      classScores: 'softmax',
      card: { license: 'MIT', metrics: { accuracy: 0.9 } },
    };
    client = (await clientOf(join(digits, 'digits.onnx'), props))({ protocol });
  });

  test('classifies a picture, in any container type', async () => {
    const png = picture('7.png');
    const pictures = [png, new Uint8Array(png), new Uint8Array(png).buffer, new Blob([png]), picture('7.jpg')];
    for (const each of pictures) {
      const answer = await client.classify(each);
      expect(answer).toMatchObject({ class: '7', index: 7, modelName: 'm', modelVersion: '1', classes: { length: 5 } });
      expect(answer.score).toBeGreaterThan(0.99);
      expect(answer.classes[0]).toEqual({ class: '7', index: 7, score: answer.score });
    }
  });

  test('classifies tensors of one row', async () => {
    const samples = JSON.parse(readFileSync(join(digits, 'digits.samples.json'), 'utf8'));
    const { shape, data } = samples[7].request.inputs[0];
    expect(await client.classify({ image: { shape, data } })).toMatchObject({ class: '7', index: 7 });
    const two = { shape: [2, 3, 32, 32], data: [...data, ...data] };
    await expect(client.classify({ image: two })).rejects.toMatchObject({
      code: 'invalid-request',
      status: 400,
      serverMessage: expect.stringContaining('send one item per request'),
    });
  });

  test('infer returns the outputs of a picture', async () => {
    const { logits } = await client.infer(picture('7.png'));
    expect(logits.shape).toEqual([1, 10]);
    expect(logits.data.indexOf(Math.max(...logits.data))).toBe(7);
  });

  test.each(['classify', 'infer'])("%s fails with the server's message for an invalid picture", async (method) => {
    for (const [body, serverMessage] of [
      [Buffer.from('hello'), 'the body is not a picture; send a PNG or JPEG file'],
      [picture('7.png').subarray(0, -14), 'the PNG file is truncated'],
      [new Blob([]), 'the body is not a picture; send a PNG or JPEG file'],
    ]) {
      await expect(client[method](body)).rejects.toMatchObject({
        name: 'InferenceError',
        code: 'invalid-request',
        status: 400,
        attempts: 1,
        serverMessage,
        message: `the server answered 400: ${serverMessage}`,
      });
    }
  });

  test('metadata has the card', async () => {
    expect((await client.metadata()).properties).toEqual({ license: 'MIT', 'metrics.accuracy': '0.9' });
  });
});

test('classifies scores of FP16, which have no JSON form', async () => {
  const model = writeOnnxModel(join(folder, 'half.onnx'), identity('float16', ['n', 2]));
  const connect = await clientOf(model, { classOutput: 'y' });
  const x = { shape: [1, 2], data: Uint16Array.of(0x3800, 0x7c00) };
  for (const protocol of ['binary', 'json']) {
    expect(await connect({ protocol }).classify({ x })).toMatchObject({
      class: '1',
      classes: [
        { class: '1', index: 1, score: Infinity },
        { class: '0', index: 0, score: 0.5 },
      ],
    });
  }
});

test('classifies by label', async () => {
  const model = writeOnnxModel(join(folder, 'label.onnx'), identity('string', ['n']));
  const client = (await clientOf(model, { classes: ['no', 'yes'] }))();
  const classes = (label: string) => client.classify({ x: { shape: [1], data: [label] } });
  expect(await classes('yes')).toMatchObject({ class: 'yes', index: 1 });
  expect((await classes('else')).classes).toStrictEqual([{ class: 'else' }]);
});
