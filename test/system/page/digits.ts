import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OnnxModel } from 'cdktf-model-serving';
import { ROOT } from '../../support/root';
import { LocalServer } from '../../../lib/local/local-server';
import { LocalStage } from '../../../lib/local/local-stage';

const FOLDER = join(ROOT, 'examples/digits');

/** Starts a server for the digits example, with the files of the example's image. */
export async function serveDigits(): Promise<{ url: string; stop: () => Promise<void> }> {
  const model = OnnxModel.fromFile(join(FOLDER, 'digits.onnx'), {
    golden: join(FOLDER, 'digits.golden.json'),
    picture: { color: 'rgb', mean: 0.5, std: 0.5 },
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    classScores: 'softmax',
  });
  const stage = LocalStage.of(model);
  const ports = { httpPortNumber: 0, grpcPortNumber: 0, metricsPortNumber: 0 };
  const server = LocalServer.start(stage, { host: '127.0.0.1', ...ports, page: true }, 'pipe');
  const stop = async () => {
    server.stop();
    await server.exited;
    stage.remove();
  };
  for await (const line of createInterface({ input: server.output[0]! })) {
    const { msg, url } = JSON.parse(line) as { msg: string; url: string };
    if (msg === 'ready') return { url, stop };
  }
  throw new Error('the server exited before it was ready');
}
