import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, type ContainerizedModelProps } from 'cdktf-model-serving/docker';
import type { ScalableModelServiceProps } from 'cdktf-model-serving/kubernetes';
import type { Configuration } from '../../inference-image/src/host/configuration';
import { budgetFor } from '../../inference-image/src/contract/memory';
import { settingsSchema } from '../../inference-image/src/contract/schemas';
import { loadedBudget, requestLimits } from '../../inference-image/src/host/request-limits';
import type { ServingOptions } from '../../lib/terraform/serving-options';
import { multiplier } from '../support/models';
import { identity, initializer, node, value, writeOnnxModel } from '../support/onnx-builder';
import { profiledModel } from '../support/profiles';
import { synthService } from '../support/service';
import { only, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const MIB = 1024 ** 2;

const folder = temporaryFolder();
const file = (name: string, dimensions: (number | string)[]) =>
  writeOnnxModel(join(folder, `${name}.onnx`), identity('float', dimensions));
const digits = OnnxModel.fromFile(multiplier(folder, 'digits', 2));
const measured = profiledModel(multiplier(folder, 'measured', 3));
const large = OnnxModel.fromFile(file('large', ['n', 3, 1024, 1024]), { runtimeCheck: 'skip' });
const unknown = OnnxModel.fromFile(file('unknown', ['n', 3, 'h', 'w']));
/** Model whose JSON answer is much larger than the request. */
const segmentation = OnnxModel.fromFile(
  writeOnnxModel(join(folder, 'segmentation.onnx'), {
    inputs: [value('x', 'float', ['n', 1, 64, 64])],
    outputs: [value('y', 'float', ['n', 21, 512, 512])],
    nodes: [node('Resize', ['x', '', 'scales'], ['r']), node('Expand', ['r', 'shape'], ['y'])],
    initializers: [
      initializer('scales', 'float', [4], Float32Array.of(1, 1, 8, 8)),
      initializer('shape', 'int64', [4], BigInt64Array.of(1n, 21n, 1n, 1n)),
    ],
  }),
  { runtimeCheck: 'skip' },
);
const pictures = OnnxModel.fromFile(file('pictures', ['n', 3, 4, 4]), { picture: { color: 'rgb' } });

function onDocker(props: Partial<ContainerizedModelProps> = {}) {
  let construct!: ContainerizedModel;
  const json = synthStack((stack) => {
    construct = new ContainerizedModel(stack, 'digits', { model: digits, ...props });
  });
  const notes = construct.node.metadata
    .map(({ data }) => String(data))
    .filter((text) => text.includes('accepts requests'));
  const { env, memory } = only(json, 'docker_container');
  return { notes, env: env as string[], memory: memory as number };
}

/** Configuration of the server in a container with the given model and environment. */
function configurationOf(model: OnnxModel, env: readonly string[]): Configuration {
  const settings = Object.fromEntries(
    env.map((text) => {
      const [name = '', value] = text.split(/=(.*)/s);
      const option = name.replace('MODEL_SERVING_', '').toLowerCase();
      return [option.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), value];
    }),
  );
  return { settings: settingsSchema.parse(settings), manifest: model.manifest(), examples: [] };
}

describe('the plan and the server agree', () => {
  const models = { digits, measured, large, unknown, pictures, segmentation };
  const options: ServingOptions[] = [
    {},
    { maxBatchSize: 4 },
    { executors: 3 },
    { maxRequestBytes: 1000 },
    { maxRequestBytes: 64 * MIB },
    { maxRequestBytes: 512 * MIB },
    { maxQueueBytes: 512 * MIB },
    { maxQueueBytes: 2048 * MIB },
    { requestBudgetBytes: 400 * MIB },
  ];

  test.each(Object.entries(models))('in a container of the planned size, for %s', (_, model) => {
    for (const serving of options) {
      const { env, memory, notes } = onDocker({ model, serving });
      const configuration = configurationOf(model, env);
      const limits = requestLimits(configuration, memory * MIB);
      expect(notes).toEqual([
        expect.stringContaining(`up to ${Math.floor(limits.maxRequestBytes / MIB) || '1,000 bytes'}`),
      ]);
      const needed = budgetFor(limits.maxRequestBytes, serving.maxQueueBytes, limits.cost);
      expect([serving, limits.budgetBytes]).toEqual([serving, expect.any(Number)]);
      expect(limits.budgetBytes).toBeGreaterThanOrEqual(serving.requestBudgetBytes ?? needed);
      expect(loadedBudget(configuration, 150 * MIB, limits, memory * MIB)).toBe(limits.budgetBytes);
    }
  });

  test('and in the smallest accepted one', () => {
    for (const model of [digits, large, unknown]) {
      const refused = () => onDocker({ model, memoryMiB: 200 });
      const [, needed] = /needs at least (\d+) MiB/.exec(messageOf(refused)) ?? [];
      const { env, memory } = onDocker({ model, memoryMiB: Number(needed) });
      const { maxRequestBytes, budgetBytes, cost } = requestLimits(configurationOf(model, env), memory * MIB);
      expect(budgetBytes).toBeGreaterThanOrEqual(budgetFor(maxRequestBytes, undefined, cost));
      expect(maxRequestBytes).toBe(requestLimits(configurationOf(model, env), 2 ** 40).maxRequestBytes);
    }
  });
});

describe('the server in a container without a plan', () => {
  test('accepts no request that it could not hold', () => {
    const configuration = configurationOf(large, []);
    expect(requestLimits(configuration, 300 * MIB)).toMatchObject({
      maxRequestBytes: expect.closeTo(15.2 * MIB, -6),
      budgetBytes: expect.closeTo(60.8 * MIB, -6),
    });
    expect(requestLimits(configuration, 100 * MIB)).toMatchObject({ maxRequestBytes: 8 * MIB, budgetBytes: 32 * MIB });
  });

  test('keeps explicit settings', () => {
    const env = [`MODEL_SERVING_MAX_REQUEST_BYTES=${64 * MIB}`, `MODEL_SERVING_REQUEST_BUDGET_BYTES=${48 * MIB}`];
    expect(requestLimits(configurationOf(digits, env), 256 * MIB)).toMatchObject({
      maxRequestBytes: 64 * MIB,
      budgetBytes: 48 * MIB,
    });
  });

  test('has less memory for requests if the loaded model needs more', () => {
    const configuration = configurationOf(digits, []);
    const limits = requestLimits(configuration, 512 * MIB);
    expect(limits.budgetBytes).toBe(128 * MIB);
    expect(loadedBudget(configuration, 348 * MIB, limits, 512 * MIB)).toBe(80 * MIB);
    expect(loadedBudget(configuration, 500 * MIB, limits, 512 * MIB)).toBe(32 * MIB);
  });
});

describe('memory that does not hold the accepted requests is rejected', () => {
  test.each<[Partial<ContainerizedModelProps>, string]>([
    [
      { memoryMiB: 264 },
      'stack/digits: memoryMiB is 264, but model "digits" needs at least 265 MiB: 161 MiB without requests, and 104 MiB for requests: each request may be up to 1 MiB (serving.maxRequestBytes), and all requests together up to 32 MiB. Raise it to 265, or omit it to use a default that fits. [memory-below-requests]',
    ],
    [
      { memoryMiB: 400, serving: { maxRequestBytes: 64 * MIB } },
      'stack/digits: memoryMiB is 400, but model "digits" needs at least 545 MiB: 161 MiB without requests, and 384 MiB for requests: each request may be up to 64 MiB (serving.maxRequestBytes), and all requests together up to 256 MiB. Raise it to 545, or omit it to use a default that fits; or lower serving.maxRequestBytes to 36700160 or less. [memory-below-requests]',
    ],
    [
      { model: large, memoryMiB: 400 },
      'stack/digits: memoryMiB is 400, but model "large" needs at least 560 MiB: 161 MiB without requests, and 399 MiB for requests: each request may be up to 67 MiB (serving.maxRequestBytes), and all requests together up to 268 MiB. Raise it to 560, or omit it to use a default that fits; or lower serving.maxRequestBytes to 36700160 or less. [memory-below-requests]',
    ],
    [
      { memoryMiB: 400, serving: { maxQueueBytes: 256 * MIB } },
      'stack/digits: memoryMiB is 400, but model "digits" needs at least 545 MiB: 161 MiB without requests, and 384 MiB for requests: serving.maxQueueBytes lets up to 256 MiB of requests wait. Raise it to 545, or omit it to use a default that fits; or lower serving.maxQueueBytes to 146800640 or less. [memory-below-requests]',
    ],
    [
      { memoryMiB: 300, serving: { requestBudgetBytes: 64 * MIB } },
      'stack/digits: memoryMiB is 300, but model "digits" needs at least 305 MiB: 161 MiB without requests, and 144 MiB for requests: serving.requestBudgetBytes is 64 MiB. Raise it to 305, or omit it to use a default that fits; or lower serving.requestBudgetBytes to 62914560 or less. [memory-below-requests]',
    ],
    [
      { serving: { requestBudgetBytes: 32 * MIB, maxRequestBytes: 16 * MIB } },
      'stack/digits: serving.requestBudgetBytes is 33554432, but serving.maxRequestBytes is 16777216, which needs 67108864 bytes. Raise serving.requestBudgetBytes to at least 67108864, or lower serving.maxRequestBytes to 8388608 or less. [budget-below-requests]',
    ],
    [
      { model: segmentation, memoryMiB: 300 },
      'stack/digits: memoryMiB is 300, but model "segmentation" needs at least 426 MiB: 161 MiB without requests, and 265 MiB for requests: the answer to one row takes up to 157.5 MiB in JSON, and its request up to 3 MiB. Raise it to 426, or omit it to use a default that fits. [memory-below-requests]',
    ],
    [
      { model: segmentation, serving: { requestBudgetBytes: 32 * MIB } },
      'stack/digits: serving.requestBudgetBytes is 33554432, but the answer to one row takes up to 165150720 bytes in JSON, in addition to its request of up to 3145728 bytes, which needs 168296448 bytes. Raise serving.requestBudgetBytes to at least 168296448. [budget-below-requests]',
    ],
    [
      { serving: { requestBudgetBytes: 32 * MIB, maxQueueBytes: 128 * MIB } },
      'stack/digits: serving.requestBudgetBytes is 33554432, but serving.maxQueueBytes is 134217728, which needs 134217728 bytes. Raise serving.requestBudgetBytes to at least 134217728, or lower serving.maxQueueBytes to 33554432 or less. [budget-below-requests]',
    ],
  ])('%#: with the message', (props, message) => {
    expect(messageOf(() => onDocker(props))).toBe(message);
  });

  test('the values in a message are enough', () => {
    const fits = (props: Partial<ContainerizedModelProps>) => expect(() => onDocker(props)).not.toThrow();
    fits({ memoryMiB: 265 });
    fits({ memoryMiB: 400, serving: { maxRequestBytes: 36_700_160 } });
    fits({ memoryMiB: 400, serving: { maxQueueBytes: 146_800_640 } });
    fits({ memoryMiB: 300, serving: { requestBudgetBytes: 62_914_560 } });
    fits({ serving: { requestBudgetBytes: 33_554_432, maxRequestBytes: 8_388_608 } });
    fits({ memoryMiB: 231, serving: { requestBudgetBytes: 4 * MIB } });
  });

  test('of a service and its canary', () => {
    const service = (resources: ScalableModelServiceProps['resources'], serving?: ServingOptions) =>
      synthService({ model: digits, replicas: 4, resources, serving }, (construct) => {
        const next = OnnxModel.fromFile(file('next', ['n']), { name: 'digits', version: '2' });
        construct.addCanary('next', { model: next, weight: 20, acceptsInterfaceChange: true });
      });
    expect(() => service({ memoryMiB: 264 })).toThrow(
      'stack/digits: resources.memoryMiB is 264, but model "digits" needs at least 265 MiB: 161 MiB without requests',
    );
    const budget = { requestBudgetBytes: 2 * MIB };
    expect(() => service({}, budget)).toThrow('serving.requestBudgetBytes is 2097152, but serving.maxRequestBytes is');
    const { construct } = service({ memoryMiB: 305 }, { maxRequestBytes: 16 * MIB });
    const note =
      'Model "digits" accepts requests of up to 16 MiB (serving.maxRequestBytes), which share 64 MiB of memory.';
    for (const { node } of [construct, construct.canary!]) {
      expect(node.metadata.map(({ data }) => data)).toContain(note);
    }
  });
});

test('the default is derived from the signature, and noted in the plan', () => {
  expect(onDocker({ model: unknown })).toMatchObject({
    memory: 514,
    notes: [
      'Model "unknown" accepts requests of up to 16 MiB (derived from its signature; override it with serving.maxRequestBytes), which share 128.5 MiB of memory.',
    ],
  });
  expect(onDocker({ model: large })).toMatchObject({
    memory: 561,
    notes: [expect.stringContaining('up to 67 MiB (derived from its signature')],
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}
