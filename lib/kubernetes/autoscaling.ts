import {
  HorizontalPodAutoscalerV2,
  type HorizontalPodAutoscalerV2SpecBehavior,
} from '@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2';
import type { TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { cpuTarget } from '../sizing/headroom';
import type { Sizing } from '../sizing/sizing';
import type { ResourceMetadata } from './labels';
import { ScalingTarget } from './scaling-target';

/** Bounds and targets of the autoscaler. */
export interface Autoscaling {
  /** @default 2 */
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  /**
   * Scaling targets; if there are several, the one that requires the most replicas applies.
   * @default - with a profile, the CPU utilization that leaves the headroom of `capacity` (30 % by default); without a
   * profile, `ScalingTarget.cpuUtilization(70)`
   */
  readonly target?: ScalingTarget | readonly ScalingTarget[];
  /**
   * How long the load must be low before replicas are removed, in seconds, up to 3600.
   * @default 300
   */
  readonly scaleDownAfterSeconds?: number;
}

/** Default number of replicas. One replica keeps answering while the other is replaced or its node is drained. */
export const DEFAULT_REPLICAS = 2;

export function scalingTargets({ target = ScalingTarget.cpuUtilization(70) }: Autoscaling): readonly ScalingTarget[] {
  return Array.isArray(target) ? target : [target as ScalingTarget];
}

/** Sets the target that is derived from the sizing, unless the user sets one. */
export function sizedAutoscaling(
  autoscaling: Autoscaling,
  sizing: Sizing | undefined,
  headroom: number | undefined,
): Autoscaling {
  if (!sizing || autoscaling.target !== undefined) return autoscaling;
  return { ...autoscaling, target: ScalingTarget.cpuUtilization(cpuTarget(sizing, headroom)) };
}

export interface AutoscalerProps {
  readonly metadata: ResourceMetadata;
  readonly deploymentName: string;
  readonly autoscaling: Autoscaling;
  readonly provider?: TerraformProvider;
}

export function autoscaler(scope: Construct, id: string, props: AutoscalerProps): HorizontalPodAutoscalerV2 {
  const { metadata, deploymentName, autoscaling, provider } = props;
  // The API moves CPU to the end; any other order would show as a difference in every plan.
  const targets = [...scalingTargets(autoscaling)].sort(
    (a, b) => Number(a.isCpu) - Number(b.isCpu) || (a.metricName < b.metricName ? -1 : 1),
  );
  return new HorizontalPodAutoscalerV2(scope, id, {
    provider,
    metadata,
    spec: {
      minReplicas: autoscaling.minReplicas ?? DEFAULT_REPLICAS,
      maxReplicas: autoscaling.maxReplicas,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deploymentName },
      metric: targets.map(({ metric }) => metric),
      behavior: behavior(autoscaling.scaleDownAfterSeconds ?? 300),
    },
  });
}

/**
 * Scales up immediately, by up to four replicas or 100 % per 15 s, whichever is more. Scales down slowly, by up to half
 * per minute. All fields are set, because the provider would otherwise report a difference.
 */
function behavior(scaleDownAfterSeconds: number): HorizontalPodAutoscalerV2SpecBehavior {
  return {
    scaleUp: [
      {
        stabilizationWindowSeconds: 0,
        selectPolicy: 'Max',
        policy: [
          { type: 'Percent', value: 100, periodSeconds: 15 },
          { type: 'Pods', value: 4, periodSeconds: 15 },
        ],
      },
    ],
    scaleDown: [
      {
        stabilizationWindowSeconds: scaleDownAfterSeconds,
        selectPolicy: 'Max',
        policy: [{ type: 'Percent', value: 50, periodSeconds: 60 }],
      },
    ],
  };
}
