import { join } from 'node:path';
import { TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel } from 'cdktf-model-serving/docker';
import { InferenceImage } from 'cdktf-model-serving/kubernetes';
import type { Construct } from 'constructs';
import type { ServingOptions } from '../../lib/terraform/serving-options';
import { multiplier } from '../support/models';
import { identity, node, value, writeOnnxModel } from '../support/onnx-builder';
import { synthService } from '../support/service';
import { synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const batchable = OnnxModel.fromFile(multiplier(folder, 'digits', 2), { version: '1' });
const fixed = OnnxModel.fromFile(writeOnnxModel(join(folder, 'fixed.onnx'), identity('float', [1, 4])), {
  name: 'digits',
  version: '2',
});
/** Model whose graph the proof does not support. */
const random = OnnxModel.fromFile(
  writeOnnxModel(join(folder, 'random.onnx'), {
    inputs: [value('x', 'float', ['n', 4])],
    outputs: [value('y', 'float', ['n', 4])],
    nodes: [node('RandomNormalLike', ['x'], ['noise']), node('Add', ['x', 'noise'], ['y'])],
  }),
);
const quantized = OnnxModel.fromFile(
  writeOnnxModel(join(folder, 'quantized.onnx'), {
    inputs: [value('x', 'float', ['n', 4])],
    outputs: [value('y', 'float', ['n', 4])],
    nodes: [
      node('DynamicQuantizeLinear', ['x'], ['q', 'scale', 'zero'], { name: 'quantize' }),
      node('DequantizeLinear', ['q', 'scale', 'zero'], ['y']),
    ],
  }),
);
const refusal = (where: string, option: string, reason = 'input "x" has a fixed first dimension, 1') =>
  `${where}: serving.${option}, but model "digits" cannot run requests together: ${reason}. Omit the option, or free the first dimension with \`model-serving rebatch\`. [batching-impossible]`;

function onDocker(model: OnnxModel, serving: ServingOptions) {
  let construct!: ContainerizedModel;
  synthStack((stack) => (construct = new ContainerizedModel(stack, 'digits', { model, serving })));
  return notes(construct);
}

function inKubernetes(model: OnnxModel, serving: ServingOptions) {
  return notes(synthService({ model, serving }).construct);
}

/** Annotations of a construct, except the ones about sizes. */
function notes(construct: Construct): [string, unknown][] {
  const said = construct.node.metadata.map(({ type, data }): [string, unknown] => [type, data]);
  return said.filter(([, text]) => !/has no profile|accepts requests of up to/.test(String(text)));
}

describe.each([
  ['ContainerizedModel', onDocker],
  ['ScalableModelService', inKubernetes],
])('%s', (_kind, synth) => {
  test.each<[ServingOptions, string]>([
    [{ maxBatchSize: 8 }, 'maxBatchSize is 8'],
    [{ maxBatchDelaySeconds: 0.01 }, 'maxBatchDelaySeconds is 0.01'],
    [{ rowIndependence: 'assume' }, 'rowIndependence is "assume"'],
  ])('M7 a model that cannot batch, and %j', (serving, option) => {
    expect(() => synth(fixed, serving)).toThrow(refusal('stack/digits', option));
    expect(() => synth(batchable, serving)).not.toThrow();
  });

  test('M7 options without batching are accepted with any model', () => {
    expect(() => synth(fixed, { maxBatchSize: 1, maxBatchDelaySeconds: 0, rowIndependence: 'probe' })).not.toThrow();
  });

  test('M7, M9, M22 by default, the plan notes whether requests share runs', () => {
    expect(synth(fixed, {})).toEqual([
      [
        '@cdktf/info',
        'Model "digits" runs requests one by one: input "x" has a fixed first dimension, 1. `model-serving rebatch` can free the first dimension.',
      ],
    ]);
    expect(synth(batchable, {})).toEqual([
      ['@cdktf/info', 'Model "digits" may run requests together: its graph proves that rows are independent.'],
    ]);
    expect(synth(quantized, {})).toEqual([
      ['@cdktf/info', expect.stringMatching(/^Model "quantized" runs requests one by one: node "quantize" \(DynamicQ/)],
    ]);
    expect(synth(fixed, { maxBatchSize: 1 })).toEqual([]);
    expect(synth(batchable, { maxBatchSize: 1 })).toEqual([]);
  });

  test('M22 batches of a coupled model are rejected with the node, unless rows are assumed to be independent', () => {
    expect(() => synth(quantized, { maxBatchSize: 8 })).toThrow(
      /^stack\/digits: serving\.maxBatchSize is 8, but model "quantized" cannot run requests together: node "quantize" \(DynamicQuantizeLinear\) .*\. Omit the option, or set serving\.rowIndependence to 'assume' if answers may depend on the other requests in the same run\. \[batching-impossible\]$/,
    );
    expect(synth(quantized, { maxBatchSize: 8, rowIndependence: 'assume' })).toEqual([
      [
        '@cdktf/warn',
        expect.stringMatching(
          /^Model "quantized" runs requests together because serving\.rowIndependence is 'assume', but node "quantize" .*Answers may depend on the other requests in the same run\.$/,
        ),
      ],
    ]);
  });

  test('batches of a model that is not understood give a warning', () => {
    expect(synth(random, { maxBatchSize: 8 })).toEqual([
      [
        '@cdktf/warn',
        expect.stringMatching(
          /^serving\.maxBatchSize is 8, but model "random" runs requests one by one: it is not proved that rows are independent; the proof stops at node "RandomNormalLike_noise" \(RandomNormalLike\): .*\. Omit maxBatchSize, or set serving\.rowIndependence to 'assume' if you know that rows are independent\.$/,
        ),
      ],
    ]);
  });

  test('a delay of a model that is not understood gives a warning too', () => {
    expect(synth(random, { maxBatchDelaySeconds: 0.01 })).toEqual([
      [
        '@cdktf/warn',
        expect.stringMatching(/^serving\.maxBatchDelaySeconds is 0\.01, but model "random" runs requests/),
      ],
    ]);
  });

  test('rejects a delay that has no effect, or that is longer than requests may wait', () => {
    expect(() => synth(batchable, { maxBatchSize: 1, maxBatchDelaySeconds: 0.01 })).toThrow(
      'stack/digits: serving.maxBatchDelaySeconds is 0.01, but maxBatchSize is 1, so requests never wait for each other. Raise maxBatchSize, or omit maxBatchDelaySeconds. [batch-delay-unused]',
    );
    expect(() => synth(batchable, { maxBatchDelaySeconds: 2, queueTimeoutSeconds: 2 })).toThrow(
      'stack/digits: serving.maxBatchDelaySeconds is 2, but it must be less than queueTimeoutSeconds, which is 2. Otherwise, requests would be answered with 504 while they wait for a batch to fill. Use a few milliseconds, such as 0.005. [batch-delay-too-long]',
    );
    expect(() => synth(batchable, { maxBatchDelaySeconds: 30 })).toThrow(
      'it must be less than queueTimeoutSeconds, which is 30',
    );
    expect(() => synth(batchable, { maxBatchDelaySeconds: 29 })).not.toThrow();
  });

  test('reports all problems at once', () => {
    expect(() => synth(fixed, { maxBatchSize: 8, maxBatchDelaySeconds: 40, executors: 0 })).toThrow(
      /batching-impossible\]\n.*batching-impossible\]\n.*batch-delay-too-long\]\n.*serving-option-invalid\]/,
    );
  });
});

test('M7 checks an image from a registry by its declared model', () => {
  const reference = `registry.example.com/digits@sha256:${'1'.repeat(64)}`;
  const image = InferenceImage.fromRegistry(reference, { model: fixed });
  expect(() => synthService({ image, repository: undefined, serving: { maxBatchSize: 8 } })).toThrow(
    refusal('stack/digits', 'maxBatchSize is 8'),
  );
});

test('M7 a canary has the batching of its service', () => {
  const withCanary = (serving: ServingOptions) =>
    synthService({ model: batchable, replicas: 1, serving }, (service) => {
      service.addCanary('next', { model: fixed, weight: 50, acceptsInterfaceChange: true });
    }).construct.canary!;
  expect(() => withCanary({ maxBatchSize: 8 })).toThrow(refusal('stack/digits/next', 'maxBatchSize is 8'));
  expect(notes(withCanary({}))).toEqual([['@cdktf/info', expect.stringContaining('requests one by one')]]);
});

test('Terraform tokens are not checked, and reach the container', () => {
  const json = synthStack((stack) => {
    const number = (name: string) => new TerraformVariable(stack, name, { type: 'number' }).numberValue;
    const serving = {
      maxBatchSize: number('rows'),
      maxBatchDelaySeconds: number('delay'),
      queueTimeoutSeconds: number('timeout'),
    };
    new ContainerizedModel(stack, 'digits', { model: fixed, serving });
  });
  const [container] = Object.values<any>(json.resource.docker_container);
  expect(container.env).toEqual(
    expect.arrayContaining([
      'MODEL_SERVING_MAX_BATCH_SIZE=${var.rows}',
      'MODEL_SERVING_MAX_BATCH_DELAY_SECONDS=${var.delay}',
    ]),
  );
});
