import { GrpcClient } from '../../support/grpc-client';
import { identity } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';

const REFLECTION = 'grpc.reflection.v1.ServerReflection.ServerReflectionInfo';

let server: ServerProcess;
let client: GrpcClient;
beforeAll(async () => {
  server = await ServerProcess.start(identity('float', ['n']));
  client = new GrpcClient(server.grpcTarget);
});

/** Asks questions on one stream. Waits for the answer to a question before it asks the next one. */
function askAll(questions: readonly object[]): Promise<any[]> {
  const stream = client.stream(REFLECTION);
  return new Promise((resolve, reject) => {
    const answers: any[] = [];
    const next = () => stream.write(questions[answers.length]!);
    stream.on('error', reject).on('data', (answer: any) => {
      if (answers.push(answer) < questions.length) return next();
      stream.cancel();
      stream.removeAllListeners('error').on('error', () => {});
      resolve(answers);
    });
    next();
  });
}

test('answers long unknown names briefly and keeps none of them', async () => {
  const heap = async () => Number(/^nodejs_heap_size_used_bytes (\d+)/m.exec(await server.metrics())![1]);
  const unknown = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ file_containing_symbol: `${i}.${'x'.repeat(60_000)}` }));
  await askAll(unknown(50));
  const before = await heap();
  for (const { error_response, original_request } of await askAll(unknown(1500))) {
    expect(error_response).toEqual({ error_code: 5, error_message: 'no such symbol' });
    expect(original_request).toBeFalsy();
  }
  // The names have a total size of 90 MB.
  expect((await heap()) - before).toBeLessThan(45e6);
});

test('answers known names', async () => {
  const [services, file] = await askAll([
    { list_services: '' },
    { file_containing_symbol: 'inference.GRPCInferenceService' },
  ]);
  expect(services.list_services_response.service.length).toBeGreaterThan(2);
  expect(file.file_descriptor_response.file_descriptor_proto).toHaveLength(1);
});
