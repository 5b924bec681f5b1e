import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { repositoryIndex, repositoryIsFixed } from '../../../inference-image/src/protocol/metadata';

const model = { name: 'm', version: '7' } as ModelManifest;

test.each([
  ['ready', { ready: true, failure: undefined }, 'READY', ''],
  ['starting', { ready: false, failure: undefined }, 'UNAVAILABLE', 'the server is starting or shutting down'],
  ['failed', { ready: false, failure: 'wrong digest' }, 'UNAVAILABLE', 'wrong digest'],
])('a model that is %s', (_, readiness, state, reason) => {
  const entry = { name: 'm', version: '7', state, reason };
  expect(repositoryIndex(model, readiness, false)).toEqual([entry]);
  expect(repositoryIndex(model, readiness, true)).toEqual(readiness.ready ? [entry] : []);
});

test('models cannot be loaded or unloaded', () => {
  expect(repositoryIsFixed('unload', model)).toMatchObject({
    kind: 'invalid',
    message:
      'cannot unload model "m": this server serves only the model in its image; to serve a different model, deploy its image',
  });
});
