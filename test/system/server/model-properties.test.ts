import { GrpcClient } from '../../support/grpc-client';
import { identity } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';

const PROPERTIES = { title: 'Say "$x"', description: 'a\nb', 'metrics.accuracy': '12345678901234567890' };

test('returns the properties of the model card over HTTP and gRPC', async () => {
  const server = await ServerProcess.start(
    identity('float', ['n']),
    {},
    {
      edit: (manifest) => Object.assign(manifest, { properties: PROPERTIES }),
    },
  );
  const { body } = await server.get('/v2/models/m');
  expect(body.properties).toEqual(PROPERTIES);
  expect(Object.keys(body)).toEqual(['name', 'versions', 'platform', 'inputs', 'outputs', 'properties']);
  const client = new GrpcClient(server.grpcTarget);
  expect((await client.call('ModelMetadata', { name: 'm' })).properties).toEqual(PROPERTIES);
});

test('a model without a card has no properties', async () => {
  const server = await ServerProcess.start(identity('float', ['n']));
  expect((await server.get('/v2/models/m')).body).not.toHaveProperty('properties');
});

test('refuses to start with properties that are not strings', async () => {
  const edit = (manifest: object) => Object.assign(manifest, { properties: { title: '', metrics: 1 } });
  await expect(ServerProcess.start(identity('float', ['n']), {}, { edit })).rejects.toThrow(
    /properties\.title is "?\\?"\\?"?: Too small.*properties\.metrics is 1: Invalid input: expected string/s,
  );
});
