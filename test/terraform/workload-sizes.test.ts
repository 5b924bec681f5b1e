import { join, relative } from 'node:path';
import { type TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { OnnxModel, type ModelProfile } from 'cdktf-model-serving';
import { ContainerizedModel, type ContainerizedModelProps } from 'cdktf-model-serving/docker';
import { ScalableModelService, type ScalableModelServiceProps } from 'cdktf-model-serving/kubernetes';
import { RUNTIME_VERSION } from '../../lib/model/runtime-limits';
import { multiplier } from '../support/models';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { ladder, profiledModel, profileOf } from '../support/profiles';
import { synthService } from '../support/service';
import { only, stackWithProviders, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const path = multiplier(folder, 'digits', 2);
const model = profiledModel(path);
const unmeasured = OnnxModel.fromFile(path, { profile: false });
const candidate = OnnxModel.fromFile(multiplier(folder, 'next', 3), { name: 'digits', version: '2' });
const MEASURED = 'as measured on 4 x AMD EPYC 9B14 on 2026-11-25';

/** Matches the variables of the server's environment that the sizing sets. */
const VARIABLE = /^MODEL_SERVING_(EXECUTORS|THREADS_PER_EXECUTOR|MAX_BATCH_SIZE|MAX_QUEUE_LENGTH)$/;

function onDocker(props: Partial<ContainerizedModelProps> = {}) {
  let construct!: ContainerizedModel;
  const json = synthStack((stack) => (construct = new ContainerizedModel(stack, 'digits', { model, ...props })));
  const { env, memory, cpu_quota } = only(json, 'docker_container');
  const variables = env.map((text: string) => text.split('=')).filter(([name]: string[]) => VARIABLE.test(name!));
  return { construct, env: Object.fromEntries(variables), memory, cpus: cpu_quota && cpu_quota / 100_000 };
}

function inKubernetes(props: Partial<ScalableModelServiceProps> = {}) {
  const { construct, container, deployment, json } = synthService({ model, ...props });
  const variables = container.env.filter(({ name }: any) => VARIABLE.test(name));
  const [scaler] = Object.values<any>(json.resource.kubernetes_horizontal_pod_autoscaler_v2 ?? {});
  return {
    construct,
    env: Object.fromEntries(variables.map(({ name, value }: any) => [name, value])),
    resources: container.resources,
    startup: 2 * container.startup_probe.failure_threshold,
    deadline: deployment.spec.progress_deadline_seconds,
    target: scaler?.spec.metric[0].container_resource.target.average_utilization,
  };
}

function environment(executors: number, threads: number, batch: number, queue: number) {
  return {
    // One executor is the server's default, and defaults are not written.
    ...(executors !== 1 && { MODEL_SERVING_EXECUTORS: String(executors) }),
    MODEL_SERVING_THREADS_PER_EXECUTOR: String(threads),
    MODEL_SERVING_MAX_BATCH_SIZE: String(batch),
    MODEL_SERVING_MAX_QUEUE_LENGTH: String(queue),
  };
}

/** Notes of synth about a construct's sizes. */
function notes({ node }: Pick<ContainerizedModel, 'node'>): [string, unknown][] {
  const all = node.metadata.map(({ type, data }): [string, unknown] => [type, data]);
  return all.filter(([, text]) => !/may run requests together|accepts requests of up to/.test(String(text)));
}

const autoscaling = { maxReplicas: 9 };

describe('ContainerizedModel', () => {
  test('derives everything from the profile', () => {
    const { construct, ...plan } = onDocker();
    expect(plan).toEqual({ env: environment(1, 1, 16, 250), memory: 272, cpus: 1.2 });
    expect(construct.sizing).toMatchObject({ executors: 1, cpus: 1.2, memoryMiB: 272, requestsPerSecond: 1000 });
    expect(notes(construct)).toEqual([
      [
        '@cdktf/info',
        `Model "digits" is sized according to its profile: 1 executor of 1 thread, batches of up to 16 rows, 1.2 CPUs, 272 MiB, 1,000 requests/s, ${MEASURED}.`,
      ],
    ]);
  });

  test('explicit values take precedence, each separately', () => {
    expect(onDocker({ cpus: 3 })).toMatchObject({ env: environment(3, 1, 16, 625), memory: 304, cpus: 3 });
    expect(onDocker({ memoryMiB: 500 })).toMatchObject({ env: environment(1, 1, 16, 250), memory: 500, cpus: 1.2 });
    expect(onDocker({ serving: { maxQueueLength: 9 } })).toMatchObject({ env: environment(1, 1, 16, 9), cpus: 1.2 });
    expect(onDocker({ serving: { executors: 2 } })).toMatchObject({ env: environment(2, 1, 16, 500), cpus: 2.4 });
    expect(onDocker({ serving: { threadsPerExecutor: 2 } })).toMatchObject({
      env: environment(1, 2, 16, 470),
      cpus: 2.4,
    });
    expect(onDocker({ serving: { maxBatchSize: 4 } })).toMatchObject({ env: environment(1, 1, 4, 200), cpus: 1.2 });
    expect(onDocker({ serving: { maxQueueBytes: 2 ** 30 } }).memory).toBe(1520);
  });

  test('CPUs are a label too, so that a change replaces the container', () => {
    const json = synthStack((stack) => new ContainerizedModel(stack, 'digits', { model }));
    expect(only(json, 'docker_container').labels).toContainEqual({ label: 'model-serving.cpus', value: '1.2' });
  });

  test('uses the documented defaults without a profile', () => {
    const { construct, ...plan } = onDocker({ model: unmeasured });
    expect(plan).toEqual({ env: {}, memory: 514, cpus: undefined });
    expect(construct.sizing).toBeUndefined();
  });
});

describe('ScalableModelService', () => {
  test('derives everything from the profile', () => {
    const { construct, ...plan } = inKubernetes({ autoscaling });
    const size = { cpu: '1200m', memory: '272Mi' };
    expect(plan).toEqual({
      env: environment(1, 1, 16, 250),
      resources: { requests: size, limits: size },
      startup: 30,
      deadline: 330,
      target: 76,
    });
    expect(construct.sizing).toMatchObject({ executors: 1, cpus: 1.2, memoryMiB: 272, requestsPerSecond: 1000 });
    expect(notes(construct)).toEqual([
      [
        '@cdktf/info',
        `Model "digits" is sized according to its profile: 1 executor of 1 thread, batches of up to 16 rows, 1.2 CPUs, 272 MiB, 1,000 requests/s, ${MEASURED}.`,
      ],
    ]);
  });

  test.each<[Partial<ScalableModelServiceProps>, object]>([
    [
      { resources: { cpu: 2 } },
      { env: environment(2, 1, 16, 415), resources: { requests: { cpu: '2' }, limits: { cpu: '2' } }, target: 76 },
    ],
    [
      { resources: { cpuLimit: 2 } },
      { env: environment(2, 1, 16, 415), resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } },
    ],
    [
      { resources: { cpu: 0.6, cpuLimit: 2 } },
      { env: environment(2, 1, 16, 125), resources: { requests: { cpu: '600m' }, limits: { cpu: '2' } } },
    ],
    [
      { resources: { cpuLimit: 'none' } },
      { env: environment(1, 1, 16, 250), resources: { requests: { cpu: '1200m' }, limits: { memory: '272Mi' } } },
    ],
    [
      { resources: { cpu: 'none', cpuLimit: 8 } },
      { env: environment(5, 1, 16, 1250), resources: { limits: { cpu: '8' } }, target: 57 },
    ],
    [{ resources: { memoryMiB: 300 } }, { resources: { requests: { cpu: '1200m', memory: '300Mi' } } }],
    [{ serving: { executors: 2 } }, { env: environment(2, 1, 16, 500), resources: { requests: { cpu: '2400m' } } }],
    [{ rollout: { startupSeconds: 7 } }, { startup: 8, deadline: 307 }],
    [{ capacity: { requestsPerSecond: 10, headroom: 1 } }, { target: 50 }],
  ])('explicit values take precedence, each separately: %j', (props, plan) => {
    expect(inKubernetes({ autoscaling, ...props })).toMatchObject(plan);
  });

  test('a limit below the derived request is also the request, and not an error', () => {
    expect(inKubernetes({ resources: { cpuLimit: 0.5 } }).resources.requests.cpu).toBe('500m');
  });

  test('without request and limit, threads and batches are still derived', () => {
    const { env, resources } = inKubernetes({ resources: { cpu: 'none' } });
    expect(env).toEqual(environment(1, 1, 16, 250));
    expect(resources).toEqual({ requests: { memory: '272Mi' }, limits: { memory: '272Mi' } });
    expect(() => inKubernetes({ resources: { cpu: 'none' }, autoscaling })).toThrow('[cpu-request-missing]');
  });

  test('a CPU target is checked against the measurement, not only against whole threads', () => {
    const runs = ladder(1, { 1: 0.25 });
    const served = { ...profileOf('').served, requestsPerSecond: 4000 };
    const fast = profiledModel(multiplier(folder, 'fast', 5), { runs, served });
    expect(inKubernetes({ model: fast, autoscaling }).target).toBe(76);
    expect(() => inKubernetes({ autoscaling, resources: { cpu: 16 } })).not.toThrow();
    expect(() => inKubernetes({ autoscaling, resources: { cpu: 16 }, serving: { executors: 1 } })).toThrow(
      'stack/digits: the target for cpu is 10 % of the CPU request, but runs of the model can use at most 7 % (1.2 of 16 CPUs)',
    );
  });

  test('the start time includes large weights and the measured time', () => {
    const slow = profiledModel(multiplier(folder, 'slow', 6), {
      start: { loadSeconds: 5, warmUpSeconds: 1, readySeconds: 7 },
    });
    expect(inKubernetes({ model: slow })).toMatchObject({ startup: 72, deadline: 371 });
  });

  test('a canary is sized by its own profile', () => {
    const profiled = profiledModel(
      multiplier(folder, 'other', 7),
      { runs: ladder(1, { 1: 2 }) },
      {
        name: 'digits',
        version: '3',
      },
    );
    const deployments = (next: OnnxModel, props: Partial<ScalableModelServiceProps> = {}) => {
      const { json, construct } = synthService({ model, replicas: 4, ...props }, (service) => {
        service.addCanary('next', { model: next, weight: 20 });
      });
      const [stable, canary] = Object.values<any>(json.resource.kubernetes_deployment_v1).map(
        ({ spec }) => spec.template.spec.container[0].resources.requests,
      );
      return { stable, canary, sizing: construct.canary!.sizing, notes: notes(construct.canary!) };
    };
    expect(deployments(profiled)).toMatchObject({
      stable: { cpu: '1200m', memory: '272Mi' },
      canary: { cpu: '1100m', memory: '272Mi' },
      sizing: { requestsPerSecond: 500 },
      notes: [['@cdktf/info', expect.stringContaining('1.1 CPUs, 272 MiB, 500 requests/s')]],
    });
    expect(deployments(candidate)).toMatchObject({ canary: { cpu: '1', memory: '514Mi' }, sizing: undefined });
    expect(deployments(profiled, { resources: { cpu: 2 } })).toMatchObject({
      stable: { cpu: '2' },
      canary: { cpu: '2' },
    });
    expect(() => deployments(profiled, { model: unmeasured, resources: { memoryMiB: 300, cpu: 10 } })).toThrow(
      'stack/digits/next: resources.memoryMiB is 300, but model "digits" needs at least 322 MiB: 138 MiB under load on 4 x AMD EPYC 9B14 on 2026-11-25, and 21 MiB for each additional executor. Raise it to 426, which leaves room for requests, or omit it to use a default that fits. [memory-below-peak]',
    );
  });
});

test('memory without room for the largest picture is rejected with the measurement, on a service and a canary', () => {
  const file = writeOnnxModel(join(folder, 'picture.onnx'), identity('float', ['n', 3, 4, 4]));
  const picture = { color: 'rgb', maxPixels: 1_000_000 } as const;
  profiledModel(file);
  const taking = OnnxModel.fromFile(file, { name: 'digits', picture });
  const refusal = (where: string) =>
    `${where}: resources.memoryMiB is 150, but model "digits" needs 138 MiB and, to decode a picture of 1000000 pixels (picture.maxPixels), 23 MiB more. Raise it to 328, which leaves room for requests, or omit it to use a default that fits. [memory-below-picture]`;
  expect(() => inKubernetes({ model: taking, resources: { memoryMiB: 150 } })).toThrow(refusal('stack/digits'));
  expect(inKubernetes({ model: taking, resources: { memoryMiB: 328 } }).resources.limits.memory).toBe('328Mi');
  const next = OnnxModel.fromFile(file, { name: 'digits', version: '2', picture });
  const stable = OnnxModel.fromFile(file, { name: 'digits' });
  const beside = (memoryMiB: number) =>
    synthService({ model: stable, replicas: 4, resources: { memoryMiB } }, (service) => {
      service.addCanary('next', { model: next, weight: 20 });
    });
  expect(() => beside(300)).toThrow(
    /^stack\/digits\/next: resources.memoryMiB is 300, .*needs at least 328 MiB.*\[memory-below-requests\]$/,
  );
  expect(() => beside(328)).not.toThrow();
});

describe('memory below the measurement', () => {
  const refusal = (prop: string, memoryMiB: number, least: number, needed: number) =>
    `stack/digits: ${prop} is ${memoryMiB}, but model "digits" needs at least ${least} MiB: 138 MiB under load on 4 x AMD EPYC 9B14 on 2026-11-25, and 21 MiB for each additional executor. Raise it to ${needed}, which leaves room for requests, or omit it to use a default that fits. [memory-below-peak]`;

  test('is rejected, with the derived executors', () => {
    expect(() => onDocker({ memoryMiB: 137 })).toThrow(refusal('memoryMiB', 137, 138, 265));
    expect(() => onDocker({ memoryMiB: 265 })).not.toThrow();
    expect(() => onDocker({ memoryMiB: 170, cpus: 3 })).toThrow(refusal('memoryMiB', 170, 179, 283));
    expect(() => inKubernetes({ resources: { memoryMiB: 150 }, serving: { executors: 2 } })).toThrow(
      refusal('resources.memoryMiB', 150, 158, 266),
    );
    expect(() => inKubernetes({ resources: { memoryMiB: 266 }, serving: { executors: 2 } })).not.toThrow();
  });
});

describe('Terraform tokens', () => {
  const plan = (props: (stack: TerraformStack) => Partial<ScalableModelServiceProps>) => {
    const stack = stackWithProviders(Testing.app());
    const repository = 'registry.example.com/ml/digits';
    const construct = new ScalableModelService(stack, 'digits', { model, repository, ...props(stack) });
    const json = JSON.parse(Testing.synth(stack, true));
    const { resources, env } = only(json, 'kubernetes_deployment_v1').spec.template.spec.container[0];
    const variables = env.filter(({ name }: any) => VARIABLE.test(name)).map(({ value }: any) => value);
    return { construct, resources, variables };
  };
  const number = (stack: TerraformStack) => new TerraformVariable(stack, 'n', { type: 'number' }).numberValue;

  test('without a profile keep the defaults, with a note', () => {
    const { construct, resources, variables } = plan((stack) => ({ serving: { executors: number(stack) } }));
    expect(resources.limits).toEqual({ cpu: '1', memory: '514Mi' });
    expect(variables).toEqual(['${var.n}']);
    expect(construct.sizing).toBeUndefined();
    expect(notes(construct)).toEqual([
      [
        '@cdktf/info',
        'Model "digits" has a profile, but its sizes depend on Terraform tokens (CPUs, executors, threads or batches): options that are not set use the documented defaults (1 CPU, 514 MiB).',
      ],
    ]);
    for (const resources of ['cpu', 'cpuLimit']) {
      expect(plan((stack) => ({ resources: { [resources]: number(stack) } })).construct.sizing).toBeUndefined();
    }
  });

  test('that determine no sizes change nothing else', () => {
    const { construct, resources, variables } = plan((stack) => {
      const n = number(stack);
      return { resources: { memoryMiB: n }, serving: { maxQueueLength: n } };
    });
    expect(resources.limits).toEqual({ cpu: '1200m', memory: '${var.n}Mi' });
    expect(variables).toEqual(['${var.n}', '1', '16']);
    expect(notes(construct)).toEqual([
      ['@cdktf/info', expect.stringContaining('1.2 CPUs, 1,000 requests/s, as measured')],
    ]);
  });

  test.each(['maxQueueBytes', 'maxRequestBytes', 'requestBudgetBytes'])(
    '%s leaves memory as without a profile',
    (option) => {
      const { resources } = plan((stack) => ({ serving: { [option]: number(stack) } }));
      expect(resources.limits).toEqual({ cpu: '1200m', memory: '514Mi' });
    },
  );
});

test('a missing profile is noted once for an app', () => {
  const stack = stackWithProviders(Testing.app());
  const first = new ContainerizedModel(stack, 'first', { model: unmeasured });
  const second = new ContainerizedModel(stack, 'second', { model: candidate, cpus: 2 });
  expect([first, second].map(notes)).toEqual([
    [
      [
        '@cdktf/info',
        `Model "digits" has no profile: options that are not set use the documented defaults (all of the host's CPUs, 514 MiB). Measure the model: model-serving profile ${relative(process.cwd(), path)}`,
      ],
    ],
    [],
  ]);
  expect(notes(synthService({ model: unmeasured }).construct)).toEqual([
    [
      '@cdktf/info',
      expect.stringContaining('has no profile: options that are not set use the documented defaults (1 CPU, 514 MiB)'),
    ],
  ]);
});

test('a profile measured with a different runtime version gives a warning', () => {
  const changes: Partial<ModelProfile> = { runtimeVersion: '1.2.3' };
  const old = profiledModel(multiplier(folder, 'old', 8), changes);
  expect(notes(onDocker({ model: old }).construct)).toEqual([
    [
      '@cdktf/warn',
      `Model "old" was measured with onnxruntime 1.2.3, but its image has ${RUNTIME_VERSION}, so the profile may be inaccurate. Measure the model again: model-serving profile ${relative(process.cwd(), join(folder, 'old.onnx'))}`,
    ],
    ['@cdktf/info', expect.stringContaining('is sized according to its profile')],
  ]);
});

test('a profile of a busy machine gives a warning, and one of an idle machine none', () => {
  const machine = (otherLoad: number) => ({ ...profileOf('').machine, otherLoad });
  const warnings = (otherLoad: number) => {
    const busy = profiledModel(multiplier(folder, 'busy', 7), { machine: machine(otherLoad) });
    return notes(onDocker({ model: busy }).construct).filter(([type]) => type === '@cdktf/warn');
  };
  expect(warnings(0.42).map(([, text]) => text)).toEqual([
    `Model "busy" was measured while other processes used 42 % of the machine's CPU time, so the profile may be inaccurate. Measure the model again on an idle machine: model-serving profile ${relative(process.cwd(), join(folder, 'busy.onnx'))}`,
  ]);
  expect(warnings(0.1)).toEqual([]);
});

test('a model that cannot run requests together has no batch size', () => {
  const fixed = profiledModel(writeOnnxModel(join(folder, 'fixed.onnx'), identity('float', [1, 4])), {
    runs: ladder(1, { 1: 2 }),
  });
  expect(onDocker({ model: fixed }).env).toEqual({
    MODEL_SERVING_THREADS_PER_EXECUTOR: '1',
    MODEL_SERVING_MAX_QUEUE_LENGTH: '125',
  });
});

test('an invalid number of CPUs or executors is still rejected', () => {
  expect(() => onDocker({ cpus: -1, serving: { executors: 0 } })).toThrow(
    /^.*\[cpus-out-of-range\]\n.*\[serving-option-invalid\]$/,
  );
  expect(() => inKubernetes({ resources: { cpu: NaN }, capacity: { requestsPerSecond: 5 } })).toThrow(
    /^.*\[cpus-out-of-range\]$/,
  );
});
