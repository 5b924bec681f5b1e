import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import type { Construct } from 'constructs';

/** A trained model in a hardened container on a Docker engine that Terraform can reach. */
export class DigitsStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const hostPort = new TerraformVariable(this, 'host_port', { type: 'number', default: 8080 });
    const baseImage = new TerraformVariable(this, 'base_image', { type: 'string', default: 'node:24-bookworm-slim' });

    new DockerProvider(this, 'docker');

    const model = OnnxModel.fromFile(join(__dirname, 'digits.onnx'), {
      golden: join(__dirname, 'digits.golden.json'),
      // As in train.py, digits are white on black, and pixels have values from -1 to 1.
      picture: { color: 'rgb', mean: 0.5, std: 0.5, maxPixels: 4_000_000 },
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      classScores: 'softmax',
    });
    new ContainerizedModel(this, 'digits', {
      model,
      port: hostPort.numberValue,
      build: { baseImage: baseImage.stringValue },
    });
  }
}
