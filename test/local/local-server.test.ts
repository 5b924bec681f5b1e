import { setTimeout as sleep } from 'node:timers/promises';
import { LocalServer } from '../../lib/local/local-server';
import { LocalStage } from '../../lib/local/local-stage';
import { OnnxModel } from '../../lib';

test('a server that is stopped at any time during its start exits with 0', async () => {
  const stage = LocalStage.of(OnnxModel.fromFile('examples/digits/digits.onnx', { runtimeCheck: 'skip' }));
  const ports = { httpPortNumber: 0, grpcPortNumber: 0, metricsPortNumber: 0 };
  const codes = await Promise.all(
    [0, 10, 20, 40, 80, 120, 160, 320].map(async (milliseconds) => {
      const server = LocalServer.start(stage, { host: '127.0.0.1', ...ports }, 'pipe');
      for (const stream of server.output) stream.resume();
      await sleep(milliseconds);
      server.stop();
      return server.exited;
    }),
  );
  expect(codes).toEqual(codes.map(() => 0));
  stage.remove();
});
