import { TerraformStack } from 'cdktf';
import { type Signature, OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, InferenceImage } from 'cdktf-model-serving/docker';
import { Peers, ScalableModelService } from 'cdktf-model-serving/kubernetes';

export function use(stack: TerraformStack): Signature {
  const model = OnnxModel.fromFile('models/digits.onnx');
  const image = new InferenceImage(stack, 'image', { model, platform: 'linux/arm64' });
  const digits = new ContainerizedModel(stack, 'digits', { image });
  digits.container.addOverride('shm_size', 64);
  const service = new ScalableModelService(stack, 'service', {
    model,
    repository: 'registry.example.com/digits',
    replicas: 8,
  });
  service.allowFrom(Peers.namespace('front'));
  service.addCanary('next', { model: OnnxModel.fromFile('models/digits.onnx', { version: '2' }), weight: 20 });
  service.deployment.addOverride('spec.min_ready_seconds', 5);
  return digits.model.signature;
}
