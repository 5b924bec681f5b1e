import { App, type TerraformStack } from 'cdktf';
import { ModelServingError, OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, InferenceImage } from 'cdktf-model-serving/docker';
import { Peers, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { multiplier } from '../support/models';
import { stackWithProviders } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const model = OnnxModel.fromFile(multiplier(folder, 'digits', 2));
const candidate = OnnxModel.fromFile(multiplier(folder, 'digits', 3), { version: '2' });

type Take = (stack: TerraformStack, props: never) => unknown;

const service = (stack: TerraformStack, props: object = {}) =>
  new ScalableModelService(stack, 'a', { model, repository: 'r.example/a', replicas: 8, ...props });

/** Functions that take props, each with valid props and the names of all further props. */
const TAKERS: Readonly<Record<string, readonly [take: Take, right: object, others: string]>> = {
  ContainerizedModel: [
    (stack, props) => new ContainerizedModel(stack, 'a', props),
    { model },
    'build image port grpcPort metricsPort bindAddress cpus memoryMiB containerName networks labels restart logRotation environment serving hardening waitSeconds openApiFile provider',
  ],
  ScalableModelService: [
    (stack, props) => new ScalableModelService(stack, 'a', props),
    { model, repository: 'r.example/a' },
    'build image namespace name replicas autoscaling capacity resources serving environment pod rollout disruptionBudget network service labels annotations openApiFile provider',
  ],
  InferenceImage: [
    (stack, props) => new InferenceImage(stack, 'a', props),
    { model },
    'repository baseImage nodePath platform builder keepLocally keepRemotely insecureSkipVerify provider',
  ],
  fromRegistry: [
    (_, props) => InferenceImage.fromRegistry(`r.example/a@sha256:${'0'.repeat(64)}`, props),
    { model },
    'platform nodePath',
  ],
  exposeViaIngress: [
    (stack, props) => service(stack).exposeViaIngress(props),
    { host: 'a.example', from: Peers.sameNamespace() },
    'path tls className annotations',
  ],
  addCanary: [
    (stack, props) => service(stack).addCanary('c', props),
    { model: candidate, weight: 20 },
    'image weightTolerance acceptsInterfaceChange',
  ],
};

/** Error message for props; undefined if they are accepted. */
function said(taker: string, props: unknown): string | undefined {
  try {
    TAKERS[taker]![0](stackWithProviders(new App({ outdir: `${folder}/out` })), props as never);
    return undefined;
  } catch (error) {
    if (error instanceof ModelServingError) return error.message;
    throw error;
  }
}

describe.each(Object.entries(TAKERS))('%s', (taker, [, right, others]) => {
  const where = { fromRegistry: 'InferenceImage.fromRegistry', addCanary: 'stack/a/c' }[taker] ?? 'stack/a';

  test('accepts valid props', () => expect(said(taker, right)).toBeUndefined());

  test.each([undefined, null, 'digits.onnx', 5, [[]]])('refuses %j instead of props', (props) => {
    expect(said(taker, props)).toMatch(
      /^.*: the (props|options of exposeViaIngress) are .*\. Use an object with any of .* \[props-invalid\]$/,
    );
    expect(said(taker, props)).toMatch(new RegExp(`^${where}: `));
  });

  test('refuses unknown props, with the nearest name', () => {
    for (const name of [...Object.keys(right), ...others.split(' ')]) {
      expect(said(taker, { ...right, [`${name}s`]: 1 })).toMatch(
        new RegExp(
          `^${where}: there is no prop ${name}s\\. Did you mean ${name}\\? The props are .*\\. \\[prop-unknown\\]$`,
        ),
      );
    }
    expect(said(taker, { ...right, colour: undefined })).toBeUndefined();
  });

  test('refuses values of a different type with its own error', () => {
    for (const name of [...Object.keys(right), ...others.split(' ')]) {
      for (const value of [null, 'digits.onnx', 5, ['a'], true, {}, () => 1]) {
        const text = said(taker, { ...right, [name]: value });
        if (text !== undefined)
          expect([name, value, text]).toEqual([name, value, expect.stringMatching(/\[[a-z-]+\]$/)]);
      }
    }
  });
});

describe.each([
  ['ContainerizedModel', { logRotation: 'maxSizeMiB maxFiles' }],
  ['ContainerizedModel', { hardening: 'readOnlyRootFilesystem dropCapabilities noNewPrivileges user' }],
  ['ScalableModelService', { autoscaling: 'minReplicas maxReplicas target scaleDownAfterSeconds' }],
  ['ScalableModelService', { capacity: 'requestsPerSecond headroom at' }],
  ['ScalableModelService', { resources: 'cpu cpuLimit memoryMiB' }],
  ['ScalableModelService', { pod: 'nodeSelector tolerations priorityClassName imagePullSecrets labels annotations' }],
  ['ScalableModelService', { rollout: 'startupSeconds progressDeadlineSeconds maxSurge wait' }],
  ['ScalableModelService', { disruptionBudget: 'maxUnavailable minAvailable' }],
  ['ScalableModelService', { network: 'from scrapers egress dns' }],
  ['ScalableModelService', { service: 'headless port grpcPort annotations' }],
  ['exposeViaIngress', { tls: 'secretName' }],
])('%s with %j', (taker, group) => {
  const right = TAKERS[taker]![1];

  test.each(Object.entries(group))('refuses names that %s does not have', (prop, names) => {
    const all = names.split(' ');
    for (const name of all) {
      expect(said(taker, { ...right, [prop]: { [`${name}s`]: 1, unset: undefined } })).toBe(
        `stack/a: ${prop} is { ${name}s: 1, unset: undefined }. Use an object with any of ${all.join(', ')}, or omit it. [prop-invalid]`,
      );
    }
  });
});

test.each([
  ['ContainerizedModel', 'environment', 'strings'],
  ['ContainerizedModel', 'labels', 'strings'],
  ['ScalableModelService', 'environment', 'strings or keys of Secrets'],
  ['ScalableModelService', 'labels', 'strings'],
  ['ScalableModelService', 'annotations', 'strings'],
  ['exposeViaIngress', 'annotations', 'strings'],
])('%s refuses values of %s that are not %s', (taker, prop, what) => {
  const right = TAKERS[taker]![1];
  for (const [value, shown] of [
    [1, '1'],
    [null, 'null'],
    [true, 'true'],
    [{}, '{}'],
    [['b'], '[Array]'],
  ] as const) {
    expect(said(taker, { ...right, [prop]: { A: value } })).toBe(
      `stack/a: ${prop} is { A: ${shown} }. Use an object of ${what}, or omit it. [prop-invalid]`,
    );
  }
  expect(said(taker, { ...right, [prop]: { A: undefined } })).toBeUndefined();
});

test.each([
  [
    'ContainerizedModel',
    { model: 'digits.onnx' },
    "model is 'digits.onnx'. Use a model: OnnxModel.fromFile('digits.onnx'), or omit it.",
  ],
  [
    'ContainerizedModel',
    { image: {} },
    'image is {}. Use an image: an InferenceImage, or InferenceImage.fromRegistry(…), or omit it.',
  ],
  ['InferenceImage', {}, "model is undefined. Use a model: OnnxModel.fromFile('digits.onnx')."],
  ['ContainerizedModel', { model, serving: null }, 'serving is null. Use an object, or omit it.'],
  [
    'ScalableModelService',
    { model, resources: null },
    'resources is null. Use an object with any of cpu, cpuLimit, memoryMiB, or omit it.',
  ],
  ['ContainerizedModel', { model, networks: 'bridge' }, "networks is 'bridge'. Use a list, or omit it."],
  ['exposeViaIngress', { from: Peers.sameNamespace() }, 'host is undefined. Use a string.'],
])('%s reports which value to use: %#', (taker, props, message) => {
  expect(said(taker, props)).toBe(`stack/a: ${message} [prop-invalid]`);
});
