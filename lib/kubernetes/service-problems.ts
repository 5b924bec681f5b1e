import { Token } from 'cdktf';
import type { Problem } from '../base/errors';
import { isPinned } from '../container-image/image-reference';
import type { ModelImage } from '../container-image/model-image';
import { checkBatchable, checkBatchDelay } from '../terraform/batching';
import { workloadErrors } from '../terraform/errors';
import { isWhole, Problems } from '../terraform/props';
import { servingProblems } from '../terraform/serving-environment';
import {
  checkEnvironment,
  checkMemory,
  checkPortsDiffer,
  checkRequestBudget,
  checkSource,
} from '../terraform/workload-problems';
import { DEFAULT_REPLICAS, scalingTargets } from './autoscaling';
import { checkCapacity } from './capacity-problems';
import { type ComputeResources, cpuRequest, usableCpus } from './compute-resources';
import { blocksEviction, isReplicaShare } from './disruption-budget';
import { kubernetesErrors } from './errors';
import { modelAnnotations, modelLabels, trackSelector } from './labels';
import { isLabel, isNamespaceName, isResourceName } from './names';
import { egressProblems, peerProblems } from './network';
import { checkDeadline, isSurge, MAX_STARTUP_SECONDS } from './rollout';
import type { ScalableModelServiceProps } from './service-props';
import { isServerCounter, ScalingTarget, targetInstead } from './scaling-target';
import { servicePorts } from './service-ports';
import type { ServiceSizes } from './service-sizes';

/**
 * Finds all problems with the props and the sizes that are derived from them.
 * @param sizes - undefined if there is no model
 */
export function serviceProblems(
  where: string,
  props: ScalableModelServiceProps & { readonly name: string },
  sizes: ServiceSizes | undefined,
): Problem[] {
  const problems = new Problems();
  checkImage(where, props, problems);
  checkNames(where, props, problems);
  checkReplicas(where, props, sizes, problems);
  checkResources(where, props, sizes, problems);
  if (sizes) checkCapacity(where, props, sizes, problems);
  checkBudget(where, props, sizes, problems);
  checkRollout(where, props, problems);
  checkEnvironment(where, props.environment ?? {}, problems);
  problems.checkKnown(where, 'openApiFile', props.openApiFile);
  checkService(where, props, problems);
  const { serving = {}, network: { from = [], scrapers = [], egress = [] } = {} } = props;
  problems.add(...peerProblems(where, 'network.from', from));
  problems.add(...peerProblems(where, 'network.scrapers', scrapers));
  problems.add(...egressProblems(where, 'network.egress', egress));
  checkBatchable(where, serving, sizes?.model, problems);
  checkBatchDelay(where, serving, problems);
  return [...problems.list, ...servingProblems(where, serving)];
}

function checkImage(where: string, props: ScalableModelServiceProps, problems: Problems): void {
  checkSource(where, props, problems);
  if (props.image && props.repository !== undefined) problems.add(workloadErrors.buildWithImage(where, 'repository'));
  if (props.model && props.repository === undefined) problems.add(kubernetesErrors.repositoryMissing(where));
  checkPullable(where, props.image, problems);
}

/** Checks that a cluster can pull an image, and always pulls the same one. */
export function checkPullable(where: string, image: ModelImage | undefined, problems: Problems): void {
  if (!image) return;
  if (!image.isInRegistry) return problems.add(kubernetesErrors.imageNotPushed(where));
  problems.check(image.reference, isPinned, (reference) => kubernetesErrors.imageNotPinned(where, reference));
}

function checkNames(
  where: string,
  props: ScalableModelServiceProps & { readonly name: string },
  problems: Problems,
): void {
  problems.check(props.name, isResourceName, (name) => kubernetesErrors.resourceNameInvalid(where, name));
  problems.check(props.namespace, isNamespaceName, (name) => kubernetesErrors.namespaceInvalid(where, name));
  checkLabels(where, 'labels', props.labels, problems);
  checkLabels(where, 'pod.labels', props.pod?.labels, problems);
  checkLabels(where, 'pod.nodeSelector', props.pod?.nodeSelector, problems);
  const model = props.image?.model ?? props.model;
  if (!model) return;
  const reserved = { ...trackSelector('', ''), ...modelLabels(model) };
  checkKeys(where, 'labels', props.labels, reserved, problems);
  checkKeys(where, 'pod.labels', props.pod?.labels, reserved, problems);
  checkKeys(where, 'annotations', props.annotations, modelAnnotations(model), problems);
  checkKeys(where, 'service.annotations', props.service?.annotations, modelAnnotations(model), problems);
  checkKeys(where, 'pod.annotations', props.pod?.annotations, modelAnnotations(model), problems);
  checkKeys(
    where,
    'pod.nodeSelector',
    props.pod?.nodeSelector,
    { 'kubernetes.io/os': '', 'kubernetes.io/arch': '' },
    problems,
  );
}

function checkLabels(where: string, prop: string, labels: Record<string, string> = {}, problems: Problems): void {
  for (const [key, value] of Object.entries(labels)) {
    if (Token.isUnresolved(key)) continue;
    problems.check(
      value,
      (text) => isLabel(key, text),
      (text) => kubernetesErrors.labelInvalid(where, prop, key, text),
    );
  }
}

function checkKeys(where: string, prop: string, given: object | undefined, reserved: object, problems: Problems): void {
  for (const key of Object.keys(given ?? {})) {
    if (Object.hasOwn(reserved, key)) problems.add(kubernetesErrors.labelReserved(where, prop, key));
  }
}

function checkReplicas(
  where: string,
  props: ScalableModelServiceProps,
  sizes: ServiceSizes | undefined,
  problems: Problems,
): void {
  const { replicas = props.replicas, autoscaling, resources = {}, serving = {} } = sizes ?? props;
  problems.check(replicas, isWhole(1), (value) => workloadErrors.notPositive(where, 'replicas', value));
  if (!autoscaling) return;
  if (props.replicas !== undefined) problems.add(kubernetesErrors.replicasWithAutoscaling(where));
  const { minReplicas = DEFAULT_REPLICAS, maxReplicas, scaleDownAfterSeconds } = autoscaling;
  if (maxReplicas === undefined)
    problems.add(workloadErrors.notPositive(where, 'autoscaling.maxReplicas', maxReplicas));
  for (const [prop, value] of Object.entries({ minReplicas, maxReplicas })) {
    problems.check(value, isWhole(1), (found) => workloadErrors.notPositive(where, `autoscaling.${prop}`, found));
  }
  if ([minReplicas, maxReplicas].every(isWhole(1)) && minReplicas > maxReplicas) {
    problems.add(kubernetesErrors.replicaBounds(where, minReplicas, maxReplicas));
  }
  problems.check(scaleDownAfterSeconds, isWhole(0, 3600), (value) => kubernetesErrors.scaleDownInvalid(where, value));
  const given = scalingTargets(autoscaling);
  const targets = given.filter((target) => target instanceof ScalingTarget);
  for (const target of given.filter((each) => !targets.includes(each))) {
    problems.add(kubernetesErrors.scalingTargetInvalid(where, target));
  }
  if (given.length === 0) problems.add(kubernetesErrors.scalingTargetsMissing(where));
  targets.forEach((target, i) => {
    const isValid = target.isCpu ? isWhole(1) : (value: number) => value > 0;
    problems.check(target.value, isValid, (value) =>
      kubernetesErrors.scalingTargetValue(where, target.metricName, value),
    );
    if (!target.isCpu && isServerCounter(target.metricName)) {
      const instead = targetInstead(target.metricName);
      problems.add(kubernetesErrors.scalingTargetCounter(where, target.metricName, instead));
    }
    if (targets.findIndex(({ metricName }) => metricName === target.metricName) < i) {
      problems.add(kubernetesErrors.scalingTargetTwice(where, target.metricName));
    }
  });
  const cpuTargets = targets.filter(({ isCpu }) => isCpu);
  const usable = sizes?.sizing ? sizes.sizing.busyCpus : usableCpus(serving, resources);
  if (cpuTargets.length > 0) checkCpuTargets(where, cpuTargets, resources, usable, problems);
}

/** Checks that there is a CPU request, and that utilization can exceed each target. */
function checkCpuTargets(
  where: string,
  targets: readonly ScalingTarget[],
  resources: ComputeResources,
  usable: number | undefined,
  problems: Problems,
): void {
  const request = cpuRequest(resources);
  if (request === undefined) return problems.add(kubernetesErrors.cpuRequestMissing(where));
  if (usable === undefined || Token.isUnresolved(request)) return;
  const most = Math.floor((100 * usable) / request);
  // Invalid numbers of CPUs or threads are reported elsewhere.
  if (!(most > 0)) return;
  for (const { value } of targets) {
    const isReachable = (percent: number) => percent < most;
    problems.check(value, isReachable, (percent) =>
      kubernetesErrors.cpuTargetUnreachable(where, percent, most, Number(usable.toFixed(2)), request),
    );
  }
}

function checkResources(
  where: string,
  props: ScalableModelServiceProps,
  sizes: ServiceSizes | undefined,
  problems: Problems,
): void {
  const { resources = {} } = sizes ?? props;
  checkMemory(where, 'resources.memoryMiB', resources.memoryMiB, sizes, problems);
  checkRequestBudget(where, sizes, problems);
  const isCpus = (value: number | 'none') => value === 'none' || (Number.isFinite(value) && value >= 0.001);
  for (const prop of ['cpu', 'cpuLimit'] as const) {
    problems.check(resources[prop], isCpus, (value) =>
      kubernetesErrors.cpuOutOfRange(where, `resources.${prop}`, value as number),
    );
  }
  const { cpu = 1, cpuLimit = cpu } = resources;
  if (typeof cpu !== 'number' || typeof cpuLimit !== 'number' || [cpu, cpuLimit].some(Token.isUnresolved)) return;
  if (cpuLimit < cpu) problems.add(kubernetesErrors.cpuLimitBelowRequest(where, cpuLimit, cpu));
}

function checkBudget(
  where: string,
  props: ScalableModelServiceProps,
  sizes: ServiceSizes | undefined,
  problems: Problems,
): void {
  const { disruptionBudget: budget = {} } = props;
  const { replicas = DEFAULT_REPLICAS, autoscaling } = sizes ?? props;
  const { maxUnavailable, minAvailable } = budget;
  if (maxUnavailable !== undefined && minAvailable !== undefined)
    problems.add(kubernetesErrors.budgetBothBounds(where));
  const atLeast = autoscaling ? (autoscaling.minReplicas ?? DEFAULT_REPLICAS) : replicas;
  for (const prop of ['maxUnavailable', 'minAvailable'] as const) {
    const value = budget[prop];
    if (value === undefined || Token.isUnresolved(value)) continue;
    if (!isReplicaShare(value)) problems.add(kubernetesErrors.budgetInvalid(where, prop, value));
    else if (!Token.isUnresolved(atLeast) && blocksEviction({ [prop]: value }, atLeast)) {
      problems.add(kubernetesErrors.budgetBlocks(where, prop, value, atLeast));
    }
  }
}

function checkRollout(
  where: string,
  { rollout = {}, image, model }: ScalableModelServiceProps,
  problems: Problems,
): void {
  const { startupSeconds, progressDeadlineSeconds } = rollout;
  for (const [prop, value] of Object.entries({ startupSeconds, progressDeadlineSeconds })) {
    problems.checkKnown(where, `rollout.${prop}`, value);
  }
  problems.check(startupSeconds, isWhole(1, MAX_STARTUP_SECONDS), (value) =>
    kubernetesErrors.startupInvalid(where, value, MAX_STARTUP_SECONDS),
  );
  problems.check(progressDeadlineSeconds, isWhole(1), (value) =>
    workloadErrors.notPositive(where, 'rollout.progressDeadlineSeconds', value),
  );
  problems.check(rollout.maxSurge, isSurge, (value) => kubernetesErrors.surgeInvalid(where, value));
  const served = image?.model ?? model;
  if (served) checkDeadline(where, rollout, served, problems);
}

function checkService(where: string, { service = {} }: ScalableModelServiceProps, problems: Problems): void {
  const { port, grpcPort } = service;
  for (const [prop, value] of Object.entries({ port, grpcPort })) {
    problems.check(value, isWhole(1, 65535), (found) => workloadErrors.portOutOfRange(where, `service.${prop}`, found));
  }
  const ports = servicePorts(service);
  checkPortsDiffer(where, { 'service.port': ports.http, 'service.grpcPort': ports.grpc }, problems);
  if (!service.headless) return;
  if (port !== undefined) problems.add(kubernetesErrors.headlessPort(where, 'port', port, ports.http));
  if (grpcPort !== undefined) problems.add(kubernetesErrors.headlessPort(where, 'grpcPort', grpcPort, ports.grpc));
}
