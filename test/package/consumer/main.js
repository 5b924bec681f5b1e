const { DockerProvider } = require('@cdktf/provider-docker/lib/provider');
const { App, TerraformStack } = require('cdktf');
const { OnnxModel } = require('cdktf-model-serving');
const { ContainerizedModel } = require('cdktf-model-serving/docker');

const app = new App();
const stack = new TerraformStack(app, 'digits');
new DockerProvider(stack, 'docker');
const model = OnnxModel.fromFile('digits.onnx', { golden: 'digits.golden.json' });
new ContainerizedModel(stack, 'digits', { model, port: 8080 });
app.synth();
