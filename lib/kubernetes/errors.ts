import { inspect } from 'node:util';
import type { Problem } from '../errors';
import type { Difference } from '../interface/difference';
import { headroomText } from '../profile/headroom';
import { measuredOn } from '../profile/measured-on';
import type { ModelProfile } from '../profile/model-profile';
import { cpusText, figure, rateText } from '../profile/sizing-text';
import { measuredSizes, sizesOf } from '../profile/profile-at';
import { sizesText } from '../profile/sizes-text';
import type { Sizing } from '../profile/sizing';
import { shellWord } from '../shell-word';
import type { CanaryShare } from './canary-weight';
import type { Capacity } from './capacity';

/**
 * By how much a metric must be above its target before replicas are added, by default.
 * @see https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
 */
const AUTOSCALER_TOLERANCE = 1.1;

/** What can be wrong with a ScalableModelService; `where` is the construct's path. */
export const kubernetesErrors = {
  repositoryMissing: (where: string): Problem => ({
    code: 'repository-missing',
    message: `${where}: a cluster pulls images from a registry, and no repository was given. Give one without a tag, such as repository: 'registry.example.com/ml/digits', or an image that is in one.`,
  }),

  imageNotPushed: (where: string): Problem => ({
    code: 'image-not-pushed',
    message: `${where}: image stays on the engine that builds it, where no cluster can pull it. Give that InferenceImage a repository.`,
  }),

  imageNotPinned: (where: string, reference: string): Problem => ({
    code: 'image-not-pinned',
    message: `${where}: image "${reference}" is named by a tag, which may move: pods of one Deployment could run different models. Append its digest (@sha256:…).`,
  }),

  resourceNameInvalid: (where: string, name: string): Problem => ({
    code: 'resource-name-invalid',
    message: `${where}: name "${name}" is not a Kubernetes name. Use lower-case letters, digits and "-", at most 63, the first a letter, the last no "-".`,
  }),

  namespaceInvalid: (where: string, name: string): Problem => ({
    code: 'resource-name-invalid',
    message: `${where}: namespace "${name}" is not a Kubernetes name. Use lower-case letters, digits and "-", at most 63, no "-" at either end.`,
  }),

  nameTaken: (where: string, name: string, namespace: string, owner: string): Problem => ({
    code: 'name-taken',
    message: `${where}: the name "${name}" in namespace "${namespace}" is already that of ${owner}. Give one of them another name or namespace.`,
  }),

  replicasWithAutoscaling: (where: string): Problem => ({
    code: 'replicas-with-autoscaling',
    message: `${where}: give either replicas (a fixed number) or autoscaling, not both.`,
  }),

  replicaBounds: (where: string, minimum: number, maximum: number): Problem => ({
    code: 'replica-bounds',
    message: `${where}: autoscaling.minReplicas is ${minimum}, more than maxReplicas ${maximum}. Lower the one or raise the other.`,
  }),

  scalingTargetsMissing: (where: string): Problem => ({
    code: 'scaling-targets-missing',
    message: `${where}: autoscaling.target is an empty list. Give at least one ScalingTarget, or leave it out for 70 % of CPU.`,
  }),

  scalingTargetTwice: (where: string, metric: string): Problem => ({
    code: 'scaling-target-twice',
    message: `${where}: autoscaling.target has two targets for ${metric}. Keep one.`,
  }),

  scalingTargetCounter: (where: string, metric: string, instead: string): Problem => ({
    code: 'scaling-target-counter',
    message: `${where}: autoscaling.target names ${metric}, a counter of the server: it never falls, so the autoscaler would add replicas and remove none. Take ${instead}, or give its rate another name in the adapter.`,
  }),

  scalingTargetValue: (where: string, metric: string, value: number): Problem => ({
    code: 'scaling-target-value',
    message: `${where}: the target for ${metric} is ${inspect(value)}. Give ${metric === 'cpu' ? 'whole percents' : 'a number'} above 0.`,
  }),

  scaleDownInvalid: (where: string, seconds: number): Problem => ({
    code: 'scale-down-invalid',
    message: `${where}: autoscaling.scaleDownAfterSeconds is ${inspect(seconds)}. Give whole seconds from 0 to 3600.`,
  }),

  cpuRequestMissing: (where: string): Problem => ({
    code: 'cpu-request-missing',
    message: `${where}: autoscaling on CPU compares with the CPUs set aside, and resources.cpu is "none". Give a number of CPUs, or a target such as ScalingTarget.inFlightPerReplica(4).`,
  }),

  cpuTargetUnreachable: (where: string, percent: number, most: number, usable: number, request: number): Problem => ({
    code: 'cpu-target-unreachable',
    message: `${where}: the target for cpu is ${percent} % of the CPUs set aside, but runs of the model can use at most ${most} % (${usable} of ${request}), and the autoscaler would never add a replica. Give a target of ${Math.max(1, Math.ceil(most / AUTOSCALER_TOLERANCE) - 1)} or less, whole CPUs, or more threads (serving.executors, serving.threadsPerExecutor).`,
  }),

  capacityRate: (where: string, requestsPerSecond: number): Problem => ({
    code: 'capacity-invalid',
    message: `${where}: capacity.requestsPerSecond is ${requestsPerSecond}. Give a number above 0, such as 200.`,
  }),

  capacityHeadroom: (where: string, headroom: number): Problem => ({
    code: 'capacity-invalid',
    message: `${where}: capacity.headroom is ${headroom}. Give a share of 0 or more, such as 0.3 for 30 %.`,
  }),

  capacityWithoutProfile: (where: string, name: string, command: string): Problem => ({
    code: 'capacity-without-profile',
    message: `${where}: capacity is computed from a profile, and model "${name}" has none. Give replicas or autoscaling instead, or measure it: ${command}`,
  }),

  capacitySizeUnmeasured: (
    where: string,
    at: Readonly<Record<string, number>>,
    profile: ModelProfile,
    command: string,
  ): Problem => ({
    code: 'capacity-size-unmeasured',
    message: `${where}: capacity.at is ${sizesText(at)}, but the model was measured at ${measuredSizes(profile)
      .map(({ dimensions }) => sizesText(dimensions) || 'fixed sizes alone')
      .join(', or ')}. Give one of those, or measure at that size too: ${command}${Object.entries(at)
      .slice(0, 1)
      .map(([name, size]) => ` --at ${shellWord(`${name}=${sizesOf(profile, name).concat(size).join(',')}`)}`)
      .join('')}`,
  }),

  capacityUnmeetable: (
    where: string,
    capacity: Capacity,
    { prop, most, held }: { readonly prop: string; readonly most: number; readonly held: number },
    { cpus, requestsPerSecond }: Sizing,
    profile: ModelProfile,
    remedies: readonly string[],
  ): Problem => ({
    code: 'capacity-unmeetable',
    message: `${where}: capacity.requestsPerSecond is ${figure(capacity.requestsPerSecond)}, but ${prop} is ${most}, enough for ${figure(held)} with ${headroomText(capacity.headroom)}: a replica of ${cpusText(cpus)} answers ${rateText(requestsPerSecond)}, as measured on ${measuredOn(profile)}. To meet it, ${remedies.join(', or ')}.`,
  }),

  cpuOutOfRange: (where: string, prop: string, value: number): Problem => ({
    code: 'cpus-out-of-range',
    message: `${where}: ${prop} is ${inspect(value)}. Give a number of CPUs of 0.001 or more, such as 0.5 or 2, or "none".`,
  }),

  cpuLimitBelowRequest: (where: string, limit: number, request: number): Problem => ({
    code: 'cpu-limit-below-request',
    message: `${where}: resources.cpuLimit is ${limit}, below resources.cpu ${request}. Raise the limit, or leave it out to have them equal.`,
  }),

  budgetBothBounds: (where: string): Problem => ({
    code: 'disruption-budget-both',
    message: `${where}: disruptionBudget has both maxUnavailable and minAvailable. Kubernetes takes one; keep maxUnavailable where in doubt.`,
  }),

  budgetInvalid: (where: string, prop: string, value: number | string): Problem => ({
    code: 'disruption-budget-invalid',
    message: `${where}: disruptionBudget.${prop} is ${JSON.stringify(value)}. Give a number of replicas or a percentage such as "25%".`,
  }),

  budgetBlocks: (where: string, prop: string, value: number | string, replicas: number): Problem => ({
    code: 'disruption-budget-blocks',
    message: `${where}: disruptionBudget.${prop} is ${JSON.stringify(value)}, and there may be only ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}: none could ever be evicted, and no node drained. Use maxUnavailable: 1, or more replicas.`,
  }),

  surgeInvalid: (where: string, value: number | string): Problem => ({
    code: 'surge-invalid',
    message: `${where}: rollout.maxSurge is ${JSON.stringify(value)}. Give a number of replicas of 1 or more, or a percentage such as "25%": updates add replicas before they take any away.`,
  }),

  startupInvalid: (where: string, seconds: number, longest: number): Problem => ({
    code: 'startup-seconds-invalid',
    message: `${where}: rollout.startupSeconds is ${inspect(seconds)}. Give whole seconds from 1 to ${longest} (a day).`,
  }),

  deadlineTooShort: (where: string, deadline: number, startup: number, probed: number): Problem => ({
    code: 'progress-deadline-too-short',
    message: `${where}: rollout.progressDeadlineSeconds is ${deadline}, not more than startupSeconds ${startup}${probed === startup ? '' : `, which the startup probe rounds up to ${probed}`}: updates would fail while replicas still start. Raise it to ${probed + 1} or more, or leave it out.`,
  }),

  labelInvalid: (where: string, prop: string, key: string, value: string): Problem => ({
    code: 'label-invalid',
    message: `${where}: ${prop} has "${key}: ${value}", which is not a Kubernetes label. Use at most 63 letters, digits, "-", "_" and ".", a letter or digit at both ends, for the value and for the key, which may have a DNS name and "/" before it.`,
  }),

  labelReserved: (where: string, prop: string, key: string): Problem => ({
    code: 'label-reserved',
    message: `${where}: ${prop} sets "${key}", which the construct sets. Use another key.`,
  }),

  headlessPort: (where: string, prop: string, port: number, ownPort: number): Problem => ({
    code: 'headless-port',
    message: `${where}: service.${prop} is ${port}, but a headless service leads clients straight to the replicas, which listen on ${ownPort}. Leave ${prop} out.`,
  }),

  hostNotAllowed: (where: string, host: string, allowed: readonly string[]): Problem => ({
    code: 'host-not-allowed',
    message: `${where}: host "${host}" is not among serving.allowedHosts (${allowed.join(', ')}): the server would refuse what comes through the Ingress with 403. Add it there.`,
  }),

  hostInvalid: (where: string, host: string): Problem => ({
    code: 'host-invalid',
    message: `${where}: host "${host}" is not a DNS name. Give one in lower case without scheme or port, such as digits.example.com.`,
  }),

  pathInvalid: (where: string, path: string): Problem => ({
    code: 'path-invalid',
    message: `${where}: path "${path}" does not begin with "/". Give a path of the server, such as /v2/models/digits.`,
  }),

  exposedTwice: (where: string): Problem => ({
    code: 'exposed-twice',
    message: `${where}: the service is exposed via an Ingress already. Add rules to its ingress by an override, or make an IngressV1 of your own.`,
  }),

  peerInvalid: (where: string, prop: string, peer: unknown): Problem => ({
    code: 'peer-invalid',
    message: `${where}: ${prop} has ${inspect(peer, { breakLength: Infinity })} in the place of a peer. Make one with Peers, such as Peers.namespace('ingress-nginx').`,
  }),

  peersNotListed: (where: string, prop: string, value: unknown, what: 'peers' | 'rules'): Problem => ({
    code: 'peer-invalid',
    message: `${where}: ${prop} is ${inspect(value, { breakLength: Infinity })}, not a list of ${what}. Give a list, such as [${what === 'peers' ? "Peers.namespace('front')" : "{ to: Peers.namespace('telemetry') }"}].`,
  }),

  routeTaken: (where: string, host: string, path: string, other: string): Problem => ({
    code: 'route-taken',
    message: `${where}: host "${host}" with path "${path}" already leads to ${other}. Give one of them another host or path.`,
  }),

  canaryIdTaken: (where: string, id: string): Problem => ({
    code: 'canary-id-taken',
    message: `${where}: the service has a construct with the id "${id}" already. Give the canary another id, such as "next".`,
  }),

  canaryTwice: (where: string, other: string): Problem => ({
    code: 'canary-twice',
    message: `${where}: there is a canary already, ${other}. Promote or remove it first: their shares would depend on each other.`,
  }),

  canaryTrack: (where: string, id: string): Problem => ({
    code: 'label-reserved',
    message: `${where}: the id "${id}" would label its pods as the service's own. Give the canary another id, such as "next".`,
  }),

  canaryAutoscaled: (where: string): Problem => ({
    code: 'canary-autoscaled',
    message: `${where}: a canary's share is a share of replicas, and an autoscaler would change it. Give the service replicas instead of autoscaling while there is a canary.`,
  }),

  canaryName: (where: string, name: string, expected: string): Problem => ({
    code: 'canary-name',
    message: `${where}: the canary's model is called "${name}", the service's "${expected}". Clients ask by name: give the candidate the same one, OnnxModel.fromFile(…, { name: '${expected}', version: … }).`,
  }),

  canaryInterface: (where: string, version: string, { what, harm }: Required<Difference>): Problem => ({
    code: 'canary-interface',
    message: `${where}: compared with the service's version "${version}", ${what}: ${harm}. Deploy it as a service of its own, or set acceptsInterfaceChange if no client minds.`,
  }),

  canaryVersion: (where: string, version: string): Problem => ({
    code: 'canary-version',
    message: `${where}: the canary's model and the service's are both version "${version}", and nobody could tell their answers or metrics apart. Give the candidate another version.`,
  }),

  canaryWeight: (where: string, weight: number): Problem => ({
    code: 'canary-weight',
    message: `${where}: weight is ${weight}. Give a percentage above 0 and below 100, such as 10.`,
  }),

  canaryTolerance: (where: string, tolerance: number): Problem => ({
    code: 'canary-tolerance',
    message: `${where}: weightTolerance is ${tolerance}. Give percentage points of 0.01 or more.`,
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
    message: `${where}: weight is ${weight}, but beside ${stable} ${stable === 1 ? 'replica' : 'replicas'} whole replicas come no nearer than ${round(nearest.weight)} (${nearest.replicas} of ${stable + nearest.replicas}), and weightTolerance is ${tolerance}. Use weight ${round(nearest.weight)}, or ${enough} replicas.`,
  }),
};

function round(percent: number): number {
  return Number(percent.toFixed(2));
}
