import { App } from 'cdktf';
import { ImageStack, ServiceStack } from './stacks';

const app = new App();
const { image } = new ImageStack(app, 'digits-image');
new ServiceStack(app, 'digits-service', image);
app.synth();
