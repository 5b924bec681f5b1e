import { App } from 'cdktf';
import { ModelStack } from './stack';

const app = new App();
new ModelStack(app, 'model', { model: 'models/model.onnx', version: '1', team: 'vision' });
app.synth();
