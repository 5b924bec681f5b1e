import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { InferenceImage, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import type { ServingOptions } from '../../lib/terraform/serving-options';
import { multiplier } from '../support/models';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { profiledModel } from '../support/profiles';
import { PREVIOUS_SETTINGS } from '../support/previous-release';
import { only, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const path = multiplier(temporaryFolder(), 'digits', 2);
const model = OnnxModel.fromFile(path, { version: '1', profile: false });
const profiled = profiledModel(path, {}, { version: '1' });
const pictures = OnnxModel.fromFile(
  writeOnnxModel(`${temporaryFolder()}/pictures.onnx`, identity('float', ['n', 3, 4, 4])),
  { picture: { color: 'rgb' } },
);
const imageOf = (held: OnnxModel) =>
  InferenceImage.fromRegistry(`registry.example.com/digits@sha256:${'1'.repeat(64)}`, { model: held });

/** Returns the environment of the container, for each target. */
const environments: Record<string, (serving?: ServingOptions, held?: OnnxModel) => Record<string, string>> = {
  ContainerizedModel: (serving, held = model) => {
    const image = imageOf(held);
    const json = synthStack((stack) => new ContainerizedModel(stack, 'digits', { image, serving }));
    const { env } = only(json, 'docker_container');
    return Object.fromEntries(env.map((text: string) => text.split(/=(.*)/s)));
  },
  ScalableModelService: (serving, held = model) => {
    const image = imageOf(held);
    const json = synthStack((stack) => new ScalableModelService(stack, 'digits', { image, serving, replicas: 1 }));
    const [container] = only(json, 'kubernetes_deployment_v1').spec.template.spec.container;
    return Object.fromEntries(container.env.map(({ name, value }: any) => [name, value]));
  },
};

const DEFAULTS: ServingOptions = {
  executors: 1,
  maxBatchDelaySeconds: 0,
  rowIndependence: 'prove',
  maxQueueLength: 128,
  maxQueueRows: 1_048_576,
  maxQueueBytes: 67_108_864,
  queueTimeoutSeconds: 30,
  receiveTimeoutSeconds: 60,
  sendTimeoutSeconds: 60,
  maxConnections: 1024,
  drainSeconds: 5,
  maxConnectionAgeSeconds: 300,
  logLevel: 'info',
  page: false,
};

describe.each(Object.entries(environments))('an image of the previous release starts under %s', (_, environment) => {
  test.each<[string, ServingOptions | undefined, OnnxModel]>([
    ['without options', undefined, model],
    ['with the sizes of a profile', undefined, profiled],
    ['with the sizes of a profile and every option at its default', DEFAULTS, profiled],
    ['with every option at its default', DEFAULTS, model],
    ['with the old name of a default', { rowIndependence: 'probe' }, model],
    [
      'with options that it knows',
      { rowIndependence: 'assume', maxBatchSize: 8, maxRequestBytes: 2 ** 26, logLevel: 'warn', page: true },
      model,
    ],
  ])('%s', (_what, serving, held) => {
    const settings = Object.entries(environment(serving, held)).filter(([name]) => name.startsWith('MODEL_SERVING_'));
    expect(settings).not.toEqual([]);
    for (const [name, value] of settings) {
      expect(Object.keys(PREVIOUS_SETTINGS)).toContain(name);
      expect([name, value]).toEqual([name, expect.stringMatching(PREVIOUS_SETTINGS[name]!)]);
    }
  });

  test('with its setting of pictures, under the name that it uses', () => {
    expect(pictures.manifest()).toHaveProperty('image.maxPixels', 4096 * 4096);
    expect(environment(undefined, pictures)).toMatchObject({
      MODEL_SERVING_EXPECTED_DECLARATION: 'name:pictures,version:1,golden:none,image:ebe65a4ac7ba6481,classes:none',
    });
  });

  test('and values with their default are not set', () => {
    const { rowIndependence, ...others } = DEFAULTS;
    for (const value of [rowIndependence, 'probe' as const]) {
      const given = environment({ ...others, rowIndependence: value });
      expect(given).toEqual(environment({ page: false, drainSeconds: 5 }));
      expect(given).not.toHaveProperty('MODEL_SERVING_ROW_INDEPENDENCE');
    }
  });

  test('and values that the server derives from its memory and its model are not set', () => {
    for (const held of [model, profiled]) {
      expect(Object.keys(environment(undefined, held)).join()).not.toMatch(/REQUEST|TIMEOUT|CONNECTIONS|QUEUE_BYTES/);
    }
  });

  test('except with an option that it does not have', () => {
    expect(environment({ requestBudgetBytes: 2 ** 26, maxConnections: 10 })).toMatchObject({
      MODEL_SERVING_REQUEST_BUDGET_BYTES: '67108864',
      MODEL_SERVING_MAX_CONNECTIONS: '10',
    });
    expect(environment({ rowIndependence: 'exact' })).toMatchObject({ MODEL_SERVING_ROW_INDEPENDENCE: 'exact' });
  });
});
