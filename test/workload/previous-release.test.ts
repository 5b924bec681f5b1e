import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { InferenceImage, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import type { ServingOptions } from '../../lib/serving-options';
import { multiplier } from '../support/models';
import { PREVIOUS_SETTINGS } from '../support/previous-release';
import { only, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2), { version: '1' });
const image = InferenceImage.fromRegistry(`registry.example.com/digits@sha256:${'1'.repeat(64)}`, { model });

/** What the container is given, whichever target it runs on. */
const environments: Record<string, (serving?: ServingOptions) => Record<string, string>> = {
  ContainerizedModel: (serving) => {
    const json = synthStack((stack) => new ContainerizedModel(stack, 'digits', { image, serving }));
    const { env } = only(json, 'docker_container');
    return Object.fromEntries(env.map((text: string) => text.split(/=(.*)/s)));
  },
  ScalableModelService: (serving) => {
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
  maxRequestBytes: 67_108_864,
  drainSeconds: 5,
  maxConnectionAgeSeconds: 300,
  logLevel: 'info',
  page: false,
};

describe.each(Object.entries(environments))('an image of the previous release starts under %s', (_, environment) => {
  test.each<[string, ServingOptions | undefined]>([
    ['without options', undefined],
    ['with every option at its default', DEFAULTS],
    ['with the old name of a default', { rowIndependence: 'probe' }],
    ['with options that it knows', { rowIndependence: 'assume', maxBatchSize: 8, logLevel: 'warn', page: true }],
  ])('%s', (_what, serving) => {
    const settings = Object.entries(environment(serving)).filter(([name]) => name.startsWith('MODEL_SERVING_'));
    expect(settings).not.toEqual([]);
    for (const [name, value] of settings) {
      expect(Object.keys(PREVIOUS_SETTINGS)).toContain(name);
      expect([name, value]).toEqual([name, expect.stringMatching(PREVIOUS_SETTINGS[name]!)]);
    }
  });

  test('and what has its default is not set', () => {
    const { rowIndependence, ...others } = DEFAULTS;
    for (const value of [rowIndependence, 'probe' as const]) {
      const given = environment({ ...others, rowIndependence: value });
      expect(given).toEqual(environment({ page: false, drainSeconds: 5 }));
      expect(given).not.toHaveProperty('MODEL_SERVING_ROW_INDEPENDENCE');
    }
  });

  test('but for an option that it does not have', () => {
    expect(environment({ rowIndependence: 'exact' })).toMatchObject({ MODEL_SERVING_ROW_INDEPENDENCE: 'exact' });
  });
});
