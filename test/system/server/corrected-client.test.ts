import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientSource } from '../../../lib/client/client-source';
import { OnnxModel } from '../../../lib/onnx-model/onnx-model';
import { writeOnnxModel } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';
import { temporaryFolder } from '../../support/temporary-folder';
import { transposed } from '../../support/untrue-models';
import { BROWSER, compile, texts } from '../../client/compiler';

const folder = temporaryFolder();
let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start(transposed());
});

test('M24 the client of a model that declares a wrong rank accepts its answers', async () => {
  const model = OnnxModel.fromFile(writeOnnxModel(join(folder, 'm.onnx'), transposed()));
  const file = join(folder, 'm-client.ts');
  writeFileSync(file, clientSource(model, 'model-serving client m.onnx'));
  const use = join(folder, 'use.ts');
  writeFileSync(
    use,
    `import { MClient } from './m-client';
export async function rank(client: MClient): Promise<readonly [seq: number, 1, 8]> {
  return (await client.infer({ x: { shape: [1, 2], data: [0, 1] } })).y.shape;
}
`,
  );
  expect(texts(compile(BROWSER, use))).toEqual([]);
  const Client = jest.requireActual(file).MClient;
  const { y } = await new Client({ url: server.url }).infer({ x: { shape: [1, 2], data: [1, 2] } });
  expect(y).toEqual({ shape: [2, 1, 8], data: Float32Array.of(...Array(8).fill(1), ...Array(8).fill(2)) });
});
