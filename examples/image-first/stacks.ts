import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, InferenceImage, type ModelImage } from 'cdktf-model-serving/docker';
import type { Construct } from 'constructs';

/** Builds the image. If the build fails, `cdktf deploy` does not apply the service's stack. */
export class ImageStack extends TerraformStack {
  readonly image: ModelImage;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const baseImage = new TerraformVariable(this, 'base_image', { type: 'string', default: 'node:24-bookworm-slim' });
    new DockerProvider(this, 'docker');

    const model = OnnxModel.fromFile(join(__dirname, '..', 'digits', 'digits.onnx'));
    this.image = new InferenceImage(this, 'digits', { model, baseImage: baseImage.stringValue });
  }
}

/** Runs the image. If a new build fails, the previous container keeps running. */
export class ServiceStack extends TerraformStack {
  constructor(scope: Construct, id: string, image: ModelImage) {
    super(scope, id);
    const hostPort = new TerraformVariable(this, 'host_port', { type: 'number', default: 8080 });
    new DockerProvider(this, 'docker');

    new ContainerizedModel(this, 'digits', { image, port: hostPort.numberValue });
  }
}
