import { existsSync } from 'node:fs';
import { Testing } from 'cdktf';
import { PLATFORM } from '../platform-model-service';
import { ModelStack } from '../stack';

const model = 'models/model.onnx';
const testWithModel = existsSync(model) ? test : test.skip;

testWithModel(`the plan of ${model} follows the platform's rules (skipped if the file does not exist)`, () => {
  const stack = new ModelStack(Testing.app(), 'model', { model, version: '1', team: 'vision' });
  const { resource } = JSON.parse(Testing.synth(stack, true));
  const only = (type: string) => Object.values<any>(resource[`kubernetes_${type}`])[0];

  const { metadata, spec } = only('deployment_v1');
  expect(metadata.namespace).toBe('vision');
  expect(metadata.labels.team).toBe('vision');
  expect(spec.template.spec.node_selector.pool).toBe('inference');
  expect(spec.template.spec.image_pull_secrets).toEqual([{ name: PLATFORM.pullSecret }]);
  expect(only('horizontal_pod_autoscaler_v2').spec.min_replicas).toBe(2);
  expect(only('ingress_v1').spec.tls[0].secret_name).toBe(PLATFORM.certificateSecret);
});
