import { existsSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { type App, TerraformStack, TerraformVariable, Testing, Token } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { InferenceImage, type InferenceImageProps } from 'cdktf-model-serving/docker';
import { multiplier } from '../support/models';
import { only, synthApp, synthStack, tree } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const model = OnnxModel.fromFile(multiplier(folder, 'Digits.V2', 2), { version: '7' });

function image(props: Partial<InferenceImageProps> = {}) {
  let construct!: InferenceImage;
  const json = synthStack((stack) => {
    construct = new InferenceImage(stack, 'image', { model, ...props });
  });
  return { construct, json };
}

test('minimal props build an image named after the model and its content, and keep it', () => {
  const { construct, json } = image();
  const resource = only(json, 'docker_image');
  const context = resource.build.context;
  expect(context).toMatch(/^assets\/image\/[0-9a-f]{64}$/);
  expect(resource).toEqual({
    name: `digits-v2:${construct.contentHash.slice(0, 16)}`,
    build: {
      context,
      dockerfile: `${context}/Dockerfile`,
      build_args: { BASE_IMAGE: 'node:24-bookworm-slim' },
      platform: 'linux/amd64',
      builder: 'default',
    },
    triggers: { content: construct.contentHash },
    keep_locally: true,
  });
  expect(json.resource.docker_registry_image).toBeUndefined();
  expect(tree(construct)).toEqual(['image']);
});

test('maximum props push, and refer to the digest', () => {
  const { construct, json } = image({
    repository: 'registry.example.com:5000/ml/digits',
    baseImage: `registry.example.com/node@sha256:${'a'.repeat(64)}`,
    nodePath: '/nodejs/bin/node',
    platform: 'linux/arm64',
    builder: '',
    keepLocally: false,
    keepRemotely: false,
  });
  const resource = only(json, 'docker_image');
  expect(resource.name).toBe(`registry.example.com:5000/ml/digits:${construct.contentHash.slice(0, 16)}`);
  expect(resource.build.platform).toBe('linux/arm64');
  expect(resource.build.builder).toBeUndefined();
  expect(resource.keep_locally).toBe(false);
  expect(only(json, 'docker_registry_image')).toEqual({
    name: '${docker_image.image_3BDFCCEC.name}'.replace(
      /image_[0-9A-F]{8}/,
      Object.keys(json.resource.docker_image)[0]!,
    ),
    triggers: { content: construct.contentHash },
    keep_remotely: false,
  });
  expect(tree(construct)).toEqual(['image', 'registry-image']);
});

test('a repository owner may be called alpine', () => {
  expect(image({ baseImage: 'registry.example.com/alpine-team/node:24' }).json).toBeDefined();
});

test('a base image known only to Terraform becomes part of the tag and the trigger in the plan', () => {
  const json = synthStack((stack) => {
    const base = new TerraformVariable(stack, 'base', { type: 'string', default: 'node:24-bookworm-slim' });
    new InferenceImage(stack, 'image', { model, baseImage: base.stringValue });
  });
  const resource = only(json, 'docker_image');
  expect(resource.build.build_args).toEqual({ BASE_IMAGE: '${var.base}' });
  expect(resource.triggers.content).toMatch(/^\$\{sha256\(join\(" ", \["[0-9a-f]{64}", var\.base\]\)\)\}$/);
  expect(resource.name).toMatch(/^digits-v2:\$\{substr\(sha256\(/);
});

describe('refuses', () => {
  test.each<[Partial<InferenceImageProps>, string]>([
    [
      { baseImage: 'node:22-alpine' },
      'stack/image: baseImage "node:22-alpine" is based on Alpine (musl), but onnxruntime needs glibc. Use a Debian, Ubuntu, RHEL or distroless image with Node 20 or newer, such as node:24-bookworm-slim. [base-image-musl]',
    ],
    [
      { baseImage: 'Node 24' },
      'stack/image: baseImage "Node 24" is not a valid image reference. Use a name with a tag or digest, such as node:24-bookworm-slim or registry.example.com/node@sha256:…. [base-image-invalid]',
    ],
    [
      { repository: 'registry.example.com/ml/digits:latest' },
      'stack/image: repository "registry.example.com/ml/digits:latest" is not a valid repository name. Use a registry and a lower-case path without a tag, such as registry.example.com/ml/digits; the tag is a hash of the content. [repository-invalid]',
    ],
    [
      { platform: 'windows/amd64' as never },
      'stack/image: platform "windows/amd64" is not supported. Use linux/amd64 or linux/arm64. [platform-unsupported]',
    ],
    [
      { nodePath: '/opt/"n' },
      'stack/image: nodePath "/opt/"n" is not an absolute path that contains only letters, digits and "._@+-".',
    ],
    [
      { nodePath: Token.asString({ resolve: () => '/n' }) },
      'stack/image: nodePath is a Terraform token, but the synthesized files depend on its value. Pass a plain value. [must-be-known-at-synth]',
    ],
    [{ platform: Token.asString({ resolve: () => 'linux/arm64' }) as 'linux/arm64' }, '[must-be-known-at-synth]'],
    [{ baseImage: 'registry.example.com/node:24-alpine3.21' }, '[base-image-musl]'],
    [
      { nodePath: 'node' },
      'stack/image: nodePath "node" is not an absolute path that contains only letters, digits and "._@+-". Use the path of the node binary in the base image, such as /nodejs/bin/node. [node-path-invalid]',
    ],
  ])('D1 %j', (props, message) => {
    expect(() => image(props)).toThrow(message);
  });

  test('all problems at once', () => {
    expect(() => image({ nodePath: 'node', repository: 'UPPER' })).toThrow(
      /repository-invalid\]\n.*node-path-invalid\]/,
    );
  });

  test('an invalid reference', () => {
    expect(() => InferenceImage.fromRegistry('not an image', { model })).toThrow(
      'InferenceImage.fromRegistry: "not an image" is not a valid image reference. Use a repository with a tag or, preferably, a digest, such as registry.example.com/ml/digits@sha256:…. [image-reference-invalid]',
    );
  });
});

test('a custom base image without a digest causes a warning', () => {
  const { construct } = image({ baseImage: 'registry.example.com/node:24' });
  expect(construct.node.metadata.map(({ data }) => data)).toEqual([
    'baseImage "registry.example.com/node:24" is not pinned: the same plan may build a different image later. Append its digest (@sha256:…).',
  ]);
  expect(image().construct.node.metadata).toEqual([]);
});

describe('app.synth()', () => {
  const build = (file: string) => (app: App) => {
    const stack = new TerraformStack(app, 'stack');
    new DockerProvider(stack, 'docker');
    new InferenceImage(stack, 'image', { model: OnnxModel.fromFile(file, { name: 'digits' }) });
  };
  const planIn = (outdir: string) => {
    const plan = JSON.parse(readFileSync(join(outdir, 'stacks/stack/cdk.tf.json'), 'utf8'));
    delete plan.terraform.backend;
    return JSON.stringify(plan);
  };

  test('T1 gives the same plan in any folder, and stages the files that it names', () => {
    const file = multiplier(folder, 'anywhere', 2);
    const outdirs = ['one', 'two'].map((name) => join(folder, name));
    for (const outdir of outdirs) synthApp(outdir, build(file));
    const [one, two] = outdirs.map(planIn);
    expect(one).toBe(two);
    const { context, dockerfile } = only(JSON.parse(one!), 'docker_image').build;
    for (const outdir of outdirs) {
      expect(existsSync(join(outdir, 'stacks/stack', dockerfile))).toBe(true);
      expect(readFileSync(join(outdir, 'stacks/stack', context, 'model/model.onnx'))).toEqual(readFileSync(file));
    }
  });

  test('T2 does not change the plan if a file is touched, and changes tag and trigger if one byte changes', () => {
    const file = multiplier(folder, 'changing', 2);
    const outdir = join(folder, 'changing-out');
    synthApp(outdir, build(file));
    const before = planIn(outdir);
    utimesSync(file, new Date(), new Date());
    synthApp(outdir, build(file));
    expect(planIn(outdir)).toBe(before);

    const bytes = readFileSync(file);
    bytes[bytes.indexOf(Buffer.from(new Float32Array([2]).buffer))] = 1;
    rmSync(file);
    writeFileSync(file, bytes);
    synthApp(outdir, build(file));
    const [old, fresh] = [before, planIn(outdir)].map((plan) => only(JSON.parse(plan), 'docker_image'));
    expect(fresh.name).not.toBe(old.name);
    expect(fresh.triggers).not.toEqual(old.triggers);
    expect(existsSync(join(outdir, 'stacks/stack', old.build.context))).toBe(false);
  });
});

test('Testing.synth stages nothing', () => {
  const stack = new TerraformStack(Testing.app({ outdir: join(folder, 'unit') }), 'stack');
  new InferenceImage(stack, 'image', { model });
  Testing.synth(stack);
  expect(existsSync(join(folder, 'unit/stacks/stack/assets'))).toBe(false);
});
