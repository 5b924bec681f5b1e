import { existsSync } from 'node:fs';
import { Testing } from 'cdktf';
import { ModelStack } from '../stack';

const model = 'models/model.onnx';
const testWithModel = existsSync(model) ? test : test.skip;

testWithModel(`the plan of ${model} (skipped while there is no such file)`, () => {
  const stack = new ModelStack(Testing.app(), 'model', { model, version: '1', team: 'vision' });
  const { resource } = JSON.parse(Testing.synth(stack, true));
  const [deployment] = Object.values<any>(resource.kubernetes_deployment_v1);
  expect(deployment.metadata.namespace).toBe('vision');
  expect(deployment.spec.template.spec.node_selector.pool).toBe('inference');
});
