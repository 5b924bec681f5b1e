import { TerraformStack } from 'cdktf';
import { type Signature, OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, InferenceImage } from 'cdktf-model-serving/docker';

export function use(stack: TerraformStack): Signature {
  const model = OnnxModel.fromFile('models/digits.onnx');
  const image = new InferenceImage(stack, 'image', { model, platform: 'linux/arm64' });
  const digits = new ContainerizedModel(stack, 'digits', { image });
  digits.container.addOverride('shm_size', 64);
  return digits.model.signature;
}
