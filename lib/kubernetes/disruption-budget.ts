import { PodDisruptionBudgetV1 } from '@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1';
import type { TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import { asText } from '../terraform/tokens';
import type { ResourceMetadata } from './labels';

/**
 * How many replicas may be evicted at the same time, for example when a node is drained. Set only one of the two
 * options.
 */
export interface DisruptionBudgetOptions {
  /**
   * Maximum number of replicas that may be unavailable, or a percentage such as `'25%'`.
   * @default 1
   */
  readonly maxUnavailable?: number | string;
  /**
   * Number of replicas that must stay available, or a percentage. It must be less than the minimum number of replicas.
   * @default - `maxUnavailable` applies
   */
  readonly minAvailable?: number | string;
}

export interface DisruptionBudgetProps {
  readonly metadata: ResourceMetadata;
  /**
   * Selects the pods of one Deployment. If it also selected a canary's pods, failing canary pods would use up the
   * budget of the others.
   */
  readonly selector: Readonly<Record<string, string>>;
  readonly budget?: DisruptionBudgetOptions;
  readonly provider?: TerraformProvider;
}

export function disruptionBudget(scope: Construct, id: string, props: DisruptionBudgetProps): PodDisruptionBudgetV1 {
  const { metadata, selector, budget = {}, provider } = props;
  const { minAvailable, maxUnavailable = 1 } = budget;
  const bound =
    minAvailable === undefined ? { maxUnavailable: asText(maxUnavailable) } : { minAvailable: asText(minAvailable) };
  return new PodDisruptionBudgetV1(scope, id, {
    provider,
    metadata,
    spec: { selector: { matchLabels: { ...selector } }, ...bound },
  });
}

/** Whether a budget prevents every eviction if there are this many replicas. Kubernetes rounds percentages up. */
export function blocksEviction({ maxUnavailable, minAvailable }: DisruptionBudgetOptions, replicas: number): boolean {
  if (minAvailable !== undefined) return replicasOf(minAvailable, replicas) >= replicas;
  return maxUnavailable !== undefined && replicasOf(maxUnavailable, replicas) < 1;
}

/** Whether the value is a number of replicas of at least 0, or a percentage of at most 100. */
export function isReplicaShare(value: number | string): boolean {
  return /^\d+$|^(\d{1,2}|100)%$/.test(String(value));
}

function replicasOf(share: number | string, replicas: number): number {
  const text = String(share);
  return text.endsWith('%') ? Math.ceil((Number(text.slice(0, -1)) / 100) * replicas) : Number(text);
}
