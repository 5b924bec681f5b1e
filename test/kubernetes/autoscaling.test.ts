import { TerraformVariable } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import {
  type ComputeResources,
  ScalableModelService,
  ScalingTarget,
  type ServingOptions,
} from 'cdktf-model-serving/kubernetes';
import { Exposition } from '../../inference-image/src/metrics/exposition';
import { Distribution } from '../../inference-image/src/metrics/histogram';
import { multiplier } from '../support/models';
import { synthService } from '../support/service';
import { only, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));

const cpu = (average_utilization: number | string) => ({
  type: 'ContainerResource',
  container_resource: { name: 'cpu', container: 'server', target: { type: 'Utilization', average_utilization } },
});
const pods = (name: string, average_value: string) => ({
  type: 'Pods',
  pods: { metric: { name }, target: { type: 'AverageValue', average_value } },
});

test.each([
  ['cpu', "'cpu'"],
  [['cpu'], "'cpu'"],
  [70, '70'],
  [null, 'null'],
  [{ cpu: 70 }, '{ cpu: 70 }'],
  [[undefined], 'undefined'],
])('refuses an invalid target: %j', (target, shown) => {
  expect(() => synthService({ model, autoscaling: { maxReplicas: 9, target: target as never } })).toThrow(
    `stack/digits: autoscaling.target contains ${shown}, which is not a target. Create one with ScalingTarget, such as ScalingTarget.cpuUtilization(70). [scaling-target-invalid]`,
  );
});

test.each([undefined, null, '9', 1.5])('maxReplicas is refused if it is %j', (maxReplicas) => {
  expect(() => synthService({ model, autoscaling: { maxReplicas: maxReplicas as never } })).toThrow(
    /^stack\/digits: autoscaling.maxReplicas is .*Use a whole number of at least 1.*\[not-positive\]$/,
  );
});

test('by default, targets 70 % of CPU with at least two replicas, and scales up fast and down slowly, with all fields written', () => {
  const { only } = synthService({ model, autoscaling: { maxReplicas: 9 } });
  expect(only('horizontal_pod_autoscaler_v2').spec).toEqual({
    min_replicas: 2,
    max_replicas: 9,
    scale_target_ref: { api_version: 'apps/v1', kind: 'Deployment', name: 'stack-digits' },
    metric: [cpu(70)],
    behavior: {
      scale_up: [
        {
          stabilization_window_seconds: 0,
          select_policy: 'Max',
          policy: [
            { type: 'Percent', value: 100, period_seconds: 15 },
            { type: 'Pods', value: 4, period_seconds: 15 },
          ],
        },
      ],
      scale_down: [
        {
          stabilization_window_seconds: 300,
          select_policy: 'Max',
          policy: [{ type: 'Percent', value: 50, period_seconds: 60 }],
        },
      ],
    },
  });
});

test('metrics have a fixed order', () => {
  const targets = [
    ScalingTarget.cpuUtilization(50),
    ScalingTarget.queueLengthPerReplica(2.5),
    ScalingTarget.podsMetric('gpu', 3),
    ScalingTarget.inFlightPerReplica(4),
  ];
  for (const target of [targets, [...targets].reverse()]) {
    const { only } = synthService({ model, autoscaling: { maxReplicas: 9, target } });
    expect(only('horizontal_pod_autoscaler_v2').spec.metric).toEqual([
      pods('gpu', '3'),
      pods('inference_in_flight', '4'),
      pods('inference_queue_length', '2500m'),
      cpu(50),
    ]);
  }
});

test('K1 the container whose CPU is measured has a CPU request', () => {
  const { only, deployment } = synthService({ model, autoscaling: { maxReplicas: 9 } });
  const [metric] = only('horizontal_pod_autoscaler_v2').spec.metric;
  const measured = deployment.spec.template.spec.container.filter(
    ({ name }: any) => name === metric.container_resource.container,
  );
  expect(measured.map(({ resources }: any) => resources.requests.cpu)).toEqual(['1']);
});

test('K1 a CPU limit without a request is also the request', () => {
  const { container } = synthService({
    model,
    autoscaling: { maxReplicas: 9 },
    resources: { cpu: 'none', cpuLimit: 2 },
  });
  expect(container.resources).toMatchObject({ requests: { cpu: '2' }, limits: { cpu: '2' } });
});

test('accepts Terraform tokens', () => {
  const json = synthStack((stack) => {
    const number = (id: string) => new TerraformVariable(stack, id, { type: 'number' }).numberValue;
    new ScalableModelService(stack, 'digits', {
      model,
      repository: 'registry.example.com/d',
      autoscaling: {
        minReplicas: number('min'),
        maxReplicas: number('max'),
        scaleDownAfterSeconds: number('wait'),
        target: [ScalingTarget.cpuUtilization(number('percent')), ScalingTarget.inFlightPerReplica(number('requests'))],
      },
    });
  });
  const { spec } = only(json, 'kubernetes_horizontal_pod_autoscaler_v2');
  expect([spec.min_replicas, spec.max_replicas]).toEqual(['${var.min}', '${var.max}']);
  expect(spec.behavior.scale_down[0].stabilization_window_seconds).toBe('${var.wait}');
  expect(spec.metric).toEqual([pods('inference_in_flight', '${var.requests}'), cpu('${var.percent}')]);
});

test('without a CPU request, a different metric can be used', () => {
  const autoscaling = { maxReplicas: 9, target: ScalingTarget.inFlightPerReplica(4) };
  const { container } = synthService({ model, autoscaling, resources: { cpu: 'none' } });
  expect(container.resources.requests.cpu).toBeUndefined();
});

test('a pods metric may be named cpu', () => {
  const target = ScalingTarget.podsMetric('cpu', 0.5);
  const { only } = synthService({ model, autoscaling: { maxReplicas: 9, target }, resources: { cpu: 'none' } });
  expect(only('horizontal_pod_autoscaler_v2').spec.metric).toEqual([pods('cpu', '500m')]);
});

describe('a CPU target', () => {
  const synth = (resources: ComputeResources, serving: ServingOptions, percent?: number) => () =>
    synthService({
      model,
      resources,
      serving,
      autoscaling: { maxReplicas: 9, ...(percent && { target: ScalingTarget.cpuUtilization(percent) }) },
    });

  test.each<[ComputeResources, ServingOptions, number]>([
    [{}, {}, 100],
    [{ cpu: 0.5 }, {}, 100],
    [{ cpu: 1.5 }, {}, 66],
    [{ cpu: 3 }, { executors: 2 }, 66],
    [{ cpu: 4 }, { threadsPerExecutor: 1 }, 25],
    [{ cpu: 4 }, { executors: 2, threadsPerExecutor: 1 }, 50],
    [{ cpu: 0.5, cpuLimit: 1.5 }, {}, 200],
    [{ cpu: 2, cpuLimit: 'none' }, { threadsPerExecutor: 3 }, 150],
    [{ cpu: 2.5, cpuLimit: 'none' }, {}, 80],
    [{ cpu: 'none', cpuLimit: 2 }, { executors: 3 }, 100],
  ])('with %j and %j must be below %d', (resources, serving, most) => {
    expect(synth(resources, serving, most - 1)).not.toThrow();
    expect(synth(resources, serving, most)).toThrow('[cpu-target-unreachable]');
  });

  test('is rejected with the reachable utilization, including the default', () => {
    expect(synth({ cpu: 1.5 }, {})).toThrow(
      'stack/digits: the target for cpu is 70 % of the CPU request, but runs of the model can use at most 66 % (1 of 1.5 CPUs), so the autoscaler would never add a replica. Use a target of 59 or less, a whole number of CPUs, or more threads (serving.executors, serving.threadsPerExecutor). [cpu-target-unreachable]',
    );
    expect(synth({ cpu: 1.5 }, {}, 59)).not.toThrow();
  });

  test('is not checked against invalid CPUs and threads', () => {
    expect(synth({ cpu: 0 }, {})).toThrow(/^(?!.*unreachable).*cpus-out-of-range\]$/s);
    expect(synth({}, { executors: 0 })).toThrow(/^(?!.*unreachable).*serving-option-invalid\]$/s);
  });
});

describe('T14 a metric of the server', () => {
  const synth = (name: string | string[]) => () =>
    synthService({
      model,
      autoscaling: { maxReplicas: 9, target: [name].flat().map((each) => ScalingTarget.podsMetric(each, 3)) },
    });
  const inFlight = 'the gauge inference_in_flight (ScalingTarget.inFlightPerReplica)';
  const queueLength = 'the gauge inference_queue_length (ScalingTarget.queueLengthPerReplica)';

  /** Names of the server's series, as two groups: series that only grow, and gauges. */
  async function series(): Promise<{ growing: string[]; gauges: string[] }> {
    const none = new Distribution({});
    const exposition = new Exposition({
      labels: {},
      requests: [none],
      ...{ decode: none, queue: none, runs: none, encode: none, rows: none },
      readings: { queueLength: 0, runningCount: 0, executorCount: 1 },
      memory: { heldBytes: 0, totalBytes: 1 },
      refusals: {},
      drops: {},
    });
    const text = await exposition.text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    const growing = types.flatMap(([, name, type]) => {
      if (type === 'counter') return [name!];
      return type === 'histogram' ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`) : [];
    });
    return { growing, gauges: types.flatMap(([, name, type]) => (type === 'gauge' ? [name!] : [])) };
  }

  test('is rejected if it is a counter, and accepted if it is a gauge', async () => {
    const { growing, gauges } = await series();
    expect(growing).toEqual(expect.arrayContaining(['inference_requests_total', 'inference_batch_size_bucket']));
    expect(gauges).toEqual(expect.arrayContaining(['inference_in_flight', 'nodejs_active_handles_total']));
    for (const name of growing) expect(synth(name)).toThrow('[scaling-target-counter]');
    for (const name of gauges) expect(synth(name)).not.toThrow();
  });

  test.each([
    ['inference_requests_total', inFlight],
    ['inference_request_duration_seconds_sum', inFlight],
    ['inference_run_duration_seconds_bucket', inFlight],
    ['inference_refused_total', inFlight],
    ['inference_queue_duration_seconds_count', queueLength],
    ['process_cpu_seconds_total', 'ScalingTarget.cpuUtilization'],
  ])('%s is rejected with an alternative', (name, instead) => {
    expect(synth(name)).toThrow(
      `stack/digits: autoscaling.target names ${name}, a counter of the server. A counter never falls, so the autoscaler would never remove a replica. Use ${instead}, or configure the adapter to serve the counter's rate under a different name. [scaling-target-counter]`,
    );
  });

  test.each(['inference_requests_per_second', 'inference_requests', 'http_requests_total', 'total', 'gpu_count'])(
    '%s is a rate or a different metric, and is accepted',
    (name) => {
      expect(synth(name)).not.toThrow();
    },
  );

  test('is rejected also in a list with other targets', () => {
    expect(synth(['inference_in_flight', 'inference_requests_total'])).toThrow(/^[^\n]*\[scaling-target-counter\]$/);
  });
});
