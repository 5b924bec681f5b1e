import { App } from 'cdktf';
import { DigitsStack } from './stack';

const app = new App();
new DigitsStack(app, 'digits');
app.synth();
