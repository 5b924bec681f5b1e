import { OnnxModel } from 'cdktf-model-serving';
import { ScalingTarget } from 'cdktf-model-serving/kubernetes';
import { multiplier } from '../support/models';
import { synthService } from '../support/service';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));

const cpu = (average_utilization: number) => ({
  type: 'ContainerResource',
  container_resource: { name: 'cpu', container: 'server', target: { type: 'Utilization', average_utilization } },
});
const pods = (name: string, average_value: string) => ({
  type: 'Pods',
  pods: { metric: { name }, target: { type: 'AverageValue', average_value } },
});

test('by default on 70 % of CPU, from two replicas; up fast, down slowly, said in full', () => {
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

test('metrics stand in one order, whatever order they were given in', () => {
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

test('K1 the container that CPU is measured of has a CPU request', () => {
  const { only, deployment } = synthService({ model, autoscaling: { maxReplicas: 9 } });
  const [metric] = only('horizontal_pod_autoscaler_v2').spec.metric;
  const measured = deployment.spec.template.spec.container.filter(
    ({ name }: any) => name === metric.container_resource.container,
  );
  expect(measured.map(({ resources }: any) => resources.requests.cpu)).toEqual(['1']);
});

test('without a CPU request another metric may decide', () => {
  const autoscaling = { maxReplicas: 9, target: ScalingTarget.inFlightPerReplica(4) };
  const { container } = synthService({ model, autoscaling, resources: { cpu: 'none' } });
  expect(container.resources.requests.cpu).toBeUndefined();
});
