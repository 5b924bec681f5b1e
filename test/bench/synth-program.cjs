/**
 * One synth as a user's compiled program: node synth-program.cjs raw|ours COUNT MODEL OUTDIR.
 * Prints the bytes that the process has read.
 */
const { readFileSync } = require('node:fs');
const { App, TerraformStack } = require('cdktf');
const { DockerProvider } = require('@cdktf/provider-docker/lib/provider');

const add = {
  raw(id) {
    const { Container } = require('@cdktf/provider-docker/lib/container');
    const { Image } = require('@cdktf/provider-docker/lib/image');
    const image = new Image(stack, `${id}-image`, { name: id, buildAttribute: { context: '.' } });
    new Container(stack, id, { name: id, image: image.imageId });
  },
  ours(id) {
    const { OnnxModel } = require('../../dist/lib');
    const { ContainerizedModel } = require('../../dist/lib/docker');
    new ContainerizedModel(stack, id, { model: OnnxModel.fromFile(file, { name: id }) });
  },
};

const [kind, count, file, outdir] = process.argv.slice(2);
const app = new App({ outdir });
const stack = new TerraformStack(app, 'stack');
new DockerProvider(stack, 'docker');
for (let i = 0; i < Number(count); i++) add[kind](`model${i}`);
app.synth();
console.log(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
