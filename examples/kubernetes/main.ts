import { App } from 'cdktf';
import { ServingStack } from './stack';

const app = new App();
new ServingStack(app, 'serving');
app.synth();
