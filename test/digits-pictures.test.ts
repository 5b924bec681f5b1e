import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'cdktf';
import { type PictureInputProps, OnnxModel } from 'cdktf-model-serving';
import { ROOT } from './support/root';
import { DigitsStack } from '../examples/digits/stack';
import { BuildContext } from '../lib/container-image/build-context';
import { goldenSeven } from './support/golden-seven';
import { ServerProcess } from './support/server';
import { temporaryFolder } from './support/temporary-folder';

const folder = temporaryFolder();
const digits = join(ROOT, 'examples/digits');
const path = '/v2/models/digits/classify';

/** Stages the build context of the example, and returns its folder `model`. */
function stagedModel(): string {
  const read = jest.spyOn(OnnxModel, 'fromFile');
  new DigitsStack(new App({ outdir: join(folder, 'out') }), 'digits');
  const model = read.mock.results[0]!.value as OnnxModel;
  read.mockRestore();
  const context = join(mkdtempSync(join(folder, 'context-')), 'files');
  BuildContext.of({ model, platform: 'linux/amd64', nodePath: '/usr/local/bin/node' }).stage(context);
  return join(context, 'model');
}

test('a picture gives the golden answer of its tensor, and a different one with a different declaration', () => {
  const golden = join(folder, 'pictures.golden.json');
  writeFileSync(golden, JSON.stringify({ examples: [goldenSeven(folder)] }));
  const read = (picture: PictureInputProps) => OnnxModel.fromFile(join(digits, 'digits.onnx'), { golden, picture });
  expect(read({ color: 'rgb', mean: 0.5, std: 0.5 }).servable).toBe(true);
  expect(() => read({ color: 'rgb' })).toThrow(/"a seven": output "logits" .*\[golden-drift\]$/);
});

test('the pictures of the digits example show their digits', async () => {
  const server = ServerProcess.spawn(stagedModel());
  await server.waitForLog(({ msg }) => msg === 'ready');
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const samples = JSON.parse(readFileSync(join(digits, 'digits.samples.json'), 'utf8'));
  for (const { label, request } of samples) {
    const picture = readFileSync(join(digits, 'pictures', `${label}.png`));
    const { body } = await server.infer(picture, { path, headers });
    expect(body).toMatchObject({ class: String(label), index: label, classes: { length: 5 } });
    expect(body.score).toBeGreaterThan(0.99);

    // The tensors are those used in training, apart from rounding: a PNG has 256 levels, and the data set has 17.
    const png = await server.infer(picture, {
      path: '/v2/models/digits/infer',
      headers: { 'content-type': 'image/png' },
    });
    const tensor = await server.infer(request, { path: '/v2/models/digits/infer' });
    png.body.outputs[0].data.forEach((logit: number, i: number) => {
      expect(Math.abs(logit - tensor.body.outputs[0].data[i])).toBeLessThan(0.1);
    });
  }
  const jpeg = await server.infer(readFileSync(join(digits, 'pictures', '7.jpg')), { path, headers });
  expect(jpeg.body).toMatchObject({ class: '7', index: 7 });
});
