import type { DeploymentV1SpecTemplateSpecTopologySpreadConstraint } from '@cdktf/provider-kubernetes/lib/deployment-v1';

/**
 * Over zones and nodes where that can be had: a hard rule would leave pods pending. Only pods of the same version count,
 * since old ones that are about to go would skew where new ones are placed.
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
