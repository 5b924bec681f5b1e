import { inspect } from 'node:util';
import type { Problem } from '../base/errors';
import type { Difference } from '../interface/compare-interfaces';
import { headroomText } from '../sizing/headroom';
import { measuredOn, sizesText } from '../profile/describe-profile';
import { measuredSizes, type ModelProfile, sizesOf } from '../profile/model-profile';
import { cpusText, rateText } from '../sizing/sizing-text';
import type { Sizing } from '../sizing/sizing';
import { shellWord, figure } from '../base/text';
import type { CanaryShare } from './canary-weight';
import type { Capacity } from './capacity';

/**
 * By default, the autoscaler adds replicas if the ratio of a metric to its target exceeds this value.
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
const AUTOSCALER_TOLERANCE = 1.1;

/** Problems with a ScalableModelService; `where` is the construct's path. */
export const kubernetesErrors = {
  repositoryMissing: (where: string): Problem => ({
    code: 'repository-missing',
    message: `${where}: a cluster pulls images from a registry, but repository is not set. Set it without a tag, such as repository: 'registry.example.com/ml/digits', or pass an image that is in a registry.`,
  }),

  imageNotPushed: (where: string): Problem => ({
    code: 'image-not-pushed',
    message: `${where}: image is stored only on the engine that builds it, so the cluster cannot pull it. Set repository on that InferenceImage.`,
  }),

  imageNotPinned: (where: string, reference: string): Problem => ({
    code: 'image-not-pinned',
    message: `${where}: image "${reference}" has a tag instead of a digest. Tags can move, so pods of one Deployment could run different models. Append the digest (@sha256:…).`,
  }),

  resourceNameInvalid: (where: string, name: string): Problem => ({
    code: 'resource-name-invalid',
    message: `${where}: name "${name}" is not a valid Kubernetes name. Use at most 63 lower-case letters, digits and "-"; start with a letter, and do not end with "-".`,
  }),

  namespaceInvalid: (where: string, name: string): Problem => ({
    code: 'resource-name-invalid',
    message: `${where}: namespace "${name}" is not a valid Kubernetes name. Use at most 63 lower-case letters, digits and "-"; do not start or end with "-".`,
  }),

  nameTaken: (where: string, name: string, namespace: string, owner: string): Problem => ({
    code: 'name-taken',
    message: `${where}: the name "${name}" in namespace "${namespace}" is already used by ${owner}. Change the name or namespace of one of them.`,
  }),

  replicasWithAutoscaling: (where: string): Problem => ({
    code: 'replicas-with-autoscaling',
    message: `${where}: replicas and autoscaling are both set. Set only replicas, for a fixed number of replicas, or only autoscaling.`,
  }),

  replicaBounds: (where: string, minimum: number, maximum: number): Problem => ({
    code: 'replica-bounds',
    message: `${where}: autoscaling.minReplicas is ${minimum}, but maxReplicas is only ${maximum}. Lower minReplicas or raise maxReplicas.`,
  }),

  scalingTargetsMissing: (where: string): Problem => ({
    code: 'scaling-targets-missing',
    message: `${where}: autoscaling.target is an empty list. Set at least one ScalingTarget, or omit target for 70 % CPU utilization.`,
  }),

  scalingTargetInvalid: (where: string, target: unknown): Problem => ({
    code: 'scaling-target-invalid',
    message: `${where}: autoscaling.target contains ${inspect(target, { breakLength: Infinity })}, which is not a target. Create one with ScalingTarget, such as ScalingTarget.cpuUtilization(70).`,
  }),

  scalingTargetTwice: (where: string, metric: string): Problem => ({
    code: 'scaling-target-twice',
    message: `${where}: autoscaling.target has two targets for ${metric}. Remove one of them.`,
  }),

  scalingTargetCounter: (where: string, metric: string, instead: string): Problem => ({
    code: 'scaling-target-counter',
    message: `${where}: autoscaling.target names ${metric}, a counter of the server. A counter never falls, so the autoscaler would never remove a replica. Use ${instead}, or configure the adapter to serve the counter's rate under a different name.`,
  }),

  scalingTargetValue: (where: string, metric: string, value: number): Problem => ({
    code: 'scaling-target-value',
    message: `${where}: the target for ${metric} is ${inspect(value)}. Use ${metric === 'cpu' ? 'an integer' : 'a number'} above 0.`,
  }),

  scaleDownInvalid: (where: string, seconds: number): Problem => ({
    code: 'scale-down-invalid',
    message: `${where}: autoscaling.scaleDownAfterSeconds is ${inspect(seconds)}. Use an integer from 0 to 3600.`,
  }),

  cpuRequestMissing: (where: string): Problem => ({
    code: 'cpu-request-missing',
    message: `${where}: autoscaling on CPU needs a CPU request, but resources.cpu is "none". Set a number of CPUs, or use a target such as ScalingTarget.inFlightPerReplica(4).`,
  }),

  cpuTargetUnreachable: (where: string, percent: number, most: number, usable: number, request: number): Problem => ({
    code: 'cpu-target-unreachable',
    message: `${where}: the target for cpu is ${percent} % of the CPU request, but runs of the model can use at most ${most} % (${usable} of ${request} CPUs), so the autoscaler would never add a replica. Use a target of ${Math.max(1, Math.ceil(most / AUTOSCALER_TOLERANCE) - 1)} or less, a whole number of CPUs, or more threads (serving.executors, serving.threadsPerExecutor).`,
  }),

  capacityRate: (where: string, requestsPerSecond: number): Problem => ({
    code: 'capacity-invalid',
    message: `${where}: capacity.requestsPerSecond is ${requestsPerSecond}. Use a number above 0, such as 200.`,
  }),

  capacityHeadroom: (where: string, headroom: number): Problem => ({
    code: 'capacity-invalid',
    message: `${where}: capacity.headroom is ${headroom}. Use 0 or more, such as 0.3 for 30 %.`,
  }),

  capacityWithoutProfile: (where: string, name: string, command: string): Problem => ({
    code: 'capacity-without-profile',
    message: `${where}: capacity needs a profile, but model "${name}" has none. Set replicas or autoscaling instead, or measure the model: ${command}`,
  }),

  capacitySizeUnmeasured: (
    where: string,
    at: Readonly<Record<string, number>>,
    profile: ModelProfile,
    command: string,
  ): Problem => ({
    code: 'capacity-size-unmeasured',
    message: `${where}: capacity.at is ${sizesText(at)}, but the model was measured at ${measuredSizes(profile)
      .map(({ dimensions }) => sizesText(dimensions) || 'fixed sizes only')
      .join(', or ')}. ${measuringRemedy(at, profile, command)}`,
  }),

  capacityUnmeetable: (
    where: string,
    capacity: Capacity,
    { prop, most, handled }: { readonly prop: string; readonly most: number; readonly handled: number },
    { cpus, requestsPerSecond }: Sizing,
    profile: ModelProfile,
    remedies: readonly string[],
  ): Problem => ({
    code: 'capacity-unmeetable',
    message: `${where}: capacity.requestsPerSecond is ${figure(capacity.requestsPerSecond)}, but ${prop} is ${most}, which is enough for only ${rateText(handled)} with ${headroomText(capacity.headroom)}: a replica of ${cpusText(cpus)} answers ${rateText(requestsPerSecond)}, as measured on ${measuredOn(profile)}. To meet the capacity, ${remedies.join(', or ')}.`,
  }),

  cpuOutOfRange: (where: string, prop: string, value: number): Problem => ({
    code: 'cpus-out-of-range',
    message: `${where}: ${prop} is ${inspect(value)}. Use at least 0.001 CPUs, such as 0.5 or 2, or "none".`,
  }),

  cpuLimitBelowRequest: (where: string, limit: number, request: number): Problem => ({
    code: 'cpu-limit-below-request',
    message: `${where}: resources.cpuLimit is ${limit}, but resources.cpu is ${request}. Raise the limit, or omit it to use the value of resources.cpu.`,
  }),

  budgetBothBounds: (where: string): Problem => ({
    code: 'disruption-budget-both',
    message: `${where}: disruptionBudget has both maxUnavailable and minAvailable, but Kubernetes accepts only one. If in doubt, keep maxUnavailable.`,
  }),

  budgetInvalid: (where: string, prop: string, value: number | string): Problem => ({
    code: 'disruption-budget-invalid',
    message: `${where}: disruptionBudget.${prop} is ${JSON.stringify(value)}. Use a number of replicas, or a percentage such as "25%".`,
  }),

  budgetBlocks: (where: string, prop: string, value: number | string, replicas: number): Problem => ({
    code: 'disruption-budget-blocks',
    message: `${where}: disruptionBudget.${prop} is ${JSON.stringify(value)}, but the service may have only ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, so no replica could ever be evicted and no node drained. Use maxUnavailable: 1, or more replicas.`,
  }),

  surgeInvalid: (where: string, value: number | string): Problem => ({
    code: 'surge-invalid',
    message: `${where}: rollout.maxSurge is ${JSON.stringify(value)}. Use at least 1 replica, or a percentage such as "25%": updates add new replicas before they remove old ones.`,
  }),

  startupInvalid: (where: string, seconds: number, longest: number): Problem => ({
    code: 'startup-seconds-invalid',
    message: `${where}: rollout.startupSeconds is ${inspect(seconds)}. Use an integer from 1 to ${longest} (one day).`,
  }),

  deadlineTooShort: (where: string, deadline: number, startup: number, probed: number): Problem => ({
    code: 'progress-deadline-too-short',
    message: `${where}: rollout.progressDeadlineSeconds is ${deadline}, but it must be more than startupSeconds, which is ${startup}${probed === startup ? '' : ` (rounded up to ${probed} by the startup probe)`}. Otherwise, updates would fail while replicas are still starting. Raise it to at least ${probed + 1}, or omit it.`,
  }),

  labelInvalid: (where: string, prop: string, key: string, value: string): Problem => ({
    code: 'label-invalid',
    message: `${where}: ${prop} has "${key}: ${value}", which is not a valid Kubernetes label. Use up to 63 letters, digits, "-", "_" and "." for the key and for the value; both must start and end with a letter or digit. A DNS name and "/" may precede the key.`,
  }),

  labelReserved: (where: string, prop: string, key: string): Problem => ({
    code: 'label-reserved',
    message: `${where}: ${prop} sets "${key}", which is reserved for the construct. Use a different key.`,
  }),

  headlessPort: (where: string, prop: string, port: number, ownPort: number): Problem => ({
    code: 'headless-port',
    message: `${where}: service.${prop} is ${port}, but clients of a headless service connect directly to the replicas, which listen on ${ownPort}. Remove ${prop}.`,
  }),

  hostNotAllowed: (where: string, host: string, allowed: readonly string[]): Problem => ({
    code: 'host-not-allowed',
    message: `${where}: host "${host}" is not among serving.allowedHosts (${allowed.join(', ')}), so the server would reject requests from the Ingress with 403. Add the host to that list.`,
  }),

  hostInvalid: (where: string, host: string): Problem => ({
    code: 'host-invalid',
    message: `${where}: host "${host}" is not a valid DNS name. Use a lower-case name without scheme or port, such as digits.example.com.`,
  }),

  pathInvalid: (where: string, path: string): Problem => ({
    code: 'path-invalid',
    message: `${where}: path "${path}" is not a path that Kubernetes accepts: it must start with "/" and must not contain "//", "%2F", or the segments "." or "..". Use a path of the server, such as /v2/models/digits.`,
  }),

  exposedTwice: (where: string): Problem => ({
    code: 'exposed-twice',
    message: `${where}: the service is already exposed via an Ingress. Add rules to its ingress with an override, or create your own IngressV1.`,
  }),

  peerInvalid: (where: string, prop: string, peer: unknown): Problem => ({
    code: 'peer-invalid',
    message: `${where}: ${prop} contains ${inspect(peer, { breakLength: Infinity })}, which is not a peer. Create one with Peers, such as Peers.namespace('ingress-nginx').`,
  }),

  peersNotListed: (where: string, prop: string, value: unknown, what: 'peers' | 'rules'): Problem => ({
    code: 'peer-invalid',
    message: `${where}: ${prop} is ${inspect(value, { breakLength: Infinity })}, which is not a list of ${what}. Use a list, such as [${what === 'peers' ? "Peers.namespace('front')" : "{ to: Peers.namespace('telemetry') }"}].`,
  }),

  routeTaken: (where: string, host: string, path: string, other: string): Problem => ({
    code: 'route-taken',
    message: `${where}: host "${host}" with path "${path}" is already used by ${other}. Change the host or path of one of them.`,
  }),

  canaryIdTaken: (where: string, id: string): Problem => ({
    code: 'canary-id-taken',
    message: `${where}: the service already has a construct with the id "${id}". Use a different id for the canary, such as "next".`,
  }),

  canaryTwice: (where: string, other: string): Problem => ({
    code: 'canary-twice',
    message: `${where}: the service already has a canary, ${other}. Promote or remove that canary first, because the shares of two canaries would depend on each other.`,
  }),

  canaryTrack: (where: string, id: string): Problem => ({
    code: 'label-reserved',
    message: `${where}: the id "${id}" would give the canary's pods the label of the service's own pods. Use a different id for the canary, such as "next".`,
  }),

  canaryAutoscaled: (where: string): Problem => ({
    code: 'canary-autoscaled',
    message: `${where}: a canary gets a share of the replicas, which an autoscaler would change. Set replicas instead of autoscaling on the service while it has a canary.`,
  }),

  canaryName: (where: string, name: string, expected: string): Problem => ({
    code: 'canary-name',
    message: `${where}: the canary's model is named "${name}", but the service's model is named "${expected}". Clients request a model by name, so use the same name for the canary: OnnxModel.fromFile(…, { name: '${expected}', version: … }).`,
  }),

  canaryInterface: (where: string, version: string, { change, effect }: Required<Difference>): Problem => ({
    code: 'canary-interface',
    message: `${where}: compared with the service's version "${version}", ${change}: ${effect}. Deploy the model as a separate service, or set acceptsInterfaceChange if no client is affected.`,
  }),

  canaryVersion: (where: string, version: string): Problem => ({
    code: 'canary-version',
    message: `${where}: the canary's model and the service's model are both version "${version}", so their answers and metrics could not be distinguished. Use a different version for the canary.`,
  }),

  canaryWeight: (where: string, weight: number): Problem => ({
    code: 'canary-weight',
    message: `${where}: weight is ${weight}. Use a percentage above 0 and below 100, such as 10.`,
  }),

  canaryTolerance: (where: string, tolerance: number): Problem => ({
    code: 'canary-tolerance',
    message: `${where}: weightTolerance is ${tolerance}. Use at least 0.01 percentage points.`,
  }),

  canaryUnreachable: (
    where: string,
    weight: number,
    tolerance: number,
    stable: number,
    nearest: CanaryShare,
    enough: number,
  ): Problem => ({
    code: 'canary-unreachable',
    message: `${where}: weight is ${weight}, but with ${stable} ${stable === 1 ? 'replica' : 'replicas'} the nearest possible weight is ${round(nearest.weight)} (${nearest.replicas} of ${stable + nearest.replicas} replicas), and weightTolerance is ${tolerance}. Use weight ${round(nearest.weight)}, or ${enough} replicas.`,
  }),
};

function round(percent: number): number {
  return Number(percent.toFixed(2));
}

/** Remedy for sizes that were not measured: use a dimension that exists, or measure the size as well. */
function measuringRemedy(at: Readonly<Record<string, number>>, profile: ModelProfile, command: string): string {
  const unknown = Object.keys(at).filter((name) => sizesOf(profile, name).length === 0);
  if (unknown.length > 0) {
    const names = Object.keys(profile.dimensions).map((name) => `"${name}"`);
    const remedy = names.length > 0 ? `Use ${names.join(' or ')}` : 'Remove capacity.at';
    return `The profile has no dimension ${unknown.map((name) => `"${name}"`).join(' or ')}. ${remedy}.`;
  }
  const [name, size] =
    Object.entries(at).find(([each, value]) => !sizesOf(profile, each).includes(value)) ?? Object.entries(at)[0]!;
  return `Use one of those sizes, or measure this size as well: ${command} --at ${shellWord(`${name}=${sizesOf(profile, name).concat(size).join(',')}`)}`;
}
