import type { DeploymentV1SpecTemplateSpecTopologySpreadConstraint } from '@cdktf/provider-kubernetes/lib/deployment-v1';

/**
 * Spreads pods over zones and nodes if possible; a hard constraint would leave pods pending. Only pods of the same
 * version count, because old pods that are about to be removed would skew the placement of new ones.
 */
export function spread(
  selector: Readonly<Record<string, string>>,
): DeploymentV1SpecTemplateSpecTopologySpreadConstraint[] {
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: [{ matchLabels: { ...selector } }],
    matchLabelKeys: ['pod-template-hash'],
  }));
}
