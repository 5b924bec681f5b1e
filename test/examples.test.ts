import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App } from 'cdktf';
import { ROOT } from './support/root';
import { DigitsStack } from '../examples/digits/stack';
import { ImageStack, ServiceStack } from '../examples/image-first/stacks';
import { ServingStack } from '../examples/kubernetes/stack';
import { ModelStack } from '../examples/platform-template/stack';
import { synthApp } from './support/synth';
import { temporaryFolder } from './support/temporary-folder';

const folder = temporaryFolder();

/** Plan of each stack, without the path of this folder and without hashes that depend on the server's content. */
function plans(example: string, build: (app: App) => void): Record<string, unknown> {
  const outdir = join(folder, example);
  synthApp(outdir, build);
  const stacks = readdirSync(join(outdir, 'stacks')).map((stack) => {
    const text = readFileSync(join(outdir, 'stacks', stack, 'cdk.tf.json'), 'utf8');
    const steady = text.replaceAll(process.cwd(), 'CWD').replace(/[0-9a-f]{64}/g, 'SHA256');
    const plan = JSON.parse(steady.replace(/:[0-9a-f]{16}"/g, ':TAG"'));
    delete plan['//'];
    return [stack, plan];
  });
  return Object.fromEntries(stacks);
}

test('digits', () => {
  expect(plans('digits', (app) => new DigitsStack(app, 'digits'))).toMatchSnapshot();
});

test('image-first', () => {
  const build = (app: App) => {
    const { image } = new ImageStack(app, 'digits-image');
    new ServiceStack(app, 'digits-service', image);
  };
  expect(plans('image-first', build)).toMatchSnapshot();
});

test('kubernetes', () => {
  expect(plans('kubernetes', (app) => new ServingStack(app, 'serving'))).toMatchSnapshot();
});

test('platform-template', () => {
  const model = join(ROOT, 'examples/digits/digits.onnx');
  const build = (app: App) => new ModelStack(app, 'model', { model, version: '1', team: 'vision' });
  expect(plans('platform-template', build)).toMatchSnapshot();
});
