import { Token } from 'cdktf';
import type { Model } from '../model/model';
import { profileAt } from '../profile/model-profile';
import type { Sizing } from '../sizing/sizing';
import type { Problems } from '../terraform/props';
import { measureCommand } from '../terraform/notes';
import { type Capacity, handledRate, isCapacity, isHeadroom, isRate, replicasFor } from './capacity';
import { kubernetesErrors } from './errors';
import { replicaSizes } from './replica-sizes';
import type { ScalableModelServiceProps } from './service-props';
import type { ServiceSizes } from './service-sizes';

/** Checks that the maximum number of replicas can handle the capacity. */
export function checkCapacity(
  where: string,
  props: ScalableModelServiceProps,
  { model, profile, sizing, replicas, autoscaling }: ServiceSizes,
  problems: Problems,
): void {
  const { capacity } = props;
  if (!capacity) return;
  const decisive = decisiveProps(props, capacity);
  for (const [prop, value] of Object.entries(decisive)) problems.checkKnown(where, prop, value);
  problems.check(capacity.requestsPerSecond, isRate, (value) => kubernetesErrors.capacityRate(where, value));
  problems.check(capacity.headroom, isHeadroom, (value) => kubernetesErrors.capacityHeadroom(where, value));
  if (!model.profile || !profile) {
    return problems.add(kubernetesErrors.capacityWithoutProfile(where, model.name, measureCommand(model)));
  }
  if (!Object.values(capacity.at ?? {}).some(Token.isUnresolved) && !profileAt(model.profile, capacity.at)) {
    problems.add(kubernetesErrors.capacitySizeUnmeasured(where, capacity.at!, model.profile, measureCommand(model)));
  }
  if (!sizing || !isCapacity(capacity) || Object.values(decisive).some(Token.isUnresolved)) return;
  const [prop, most] = autoscaling
    ? (['autoscaling.maxReplicas', autoscaling.maxReplicas] as const)
    : (['replicas', replicas] as const);
  const enough = replicasFor(capacity, sizing);
  if (most === undefined || !(most < enough)) return;
  const remedies = [
    `raise ${prop} to ${enough}`,
    ...moreCpus(props, model, sizing, most),
    ...fewerOptions(props, model, most),
  ];
  const handled = handledRate(capacity, most, sizing);
  problems.add(
    kubernetesErrors.capacityUnmeetable(where, capacity, { prop, most, handled }, sizing, profile, remedies),
  );
}

/** Props that determine the number of replicas. */
function decisiveProps(
  { replicas, autoscaling, resources = {}, serving = {} }: ScalableModelServiceProps,
  { requestsPerSecond, headroom, at = {} }: Capacity,
): Record<string, unknown> {
  return {
    'capacity.requestsPerSecond': requestsPerSecond,
    'capacity.headroom': headroom,
    ...Object.fromEntries(Object.entries(at).map(([name, size]) => [`capacity.at.${name}`, size])),
    replicas,
    'autoscaling.maxReplicas': autoscaling?.maxReplicas,
    'resources.cpu': resources.cpu,
    'resources.cpuLimit': resources.cpuLimit,
    'serving.executors': serving.executors,
    'serving.threadsPerExecutor': serving.threadsPerExecutor,
    'serving.maxBatchSize': serving.maxBatchSize,
  };
}

/**
 * Remedy: raise the CPU request to the smallest number of CPUs, within the measured range, with which this many
 * replicas suffice.
 */
function moreCpus(props: ScalableModelServiceProps, model: Model, sizing: Sizing, replicas: number): string[] {
  const { resources = {} } = props;
  const bounds = [model.profile!.machine.cpus, resources.cpuLimit].filter((cpus) => typeof cpus === 'number');
  const most = Math.floor(10 * Math.min(...bounds));
  for (let tenths = Math.floor(10 * sizing.cpus) + 1; tenths <= most; tenths++) {
    const cpu = tenths / 10;
    if (holds({ ...props, resources: { ...resources, cpu } }, model, replicas))
      return [`raise resources.cpu to ${cpu}`];
  }
  return [];
}

/** Remedies: omit one of the options, if this many replicas then suffice. */
function fewerOptions(props: ScalableModelServiceProps, model: Model, replicas: number): string[] {
  const { serving = {} } = props;
  return (['executors', 'threadsPerExecutor', 'maxBatchSize'] as const)
    .filter((option) => serving[option] !== undefined)
    .filter((option) => holds({ ...props, serving: { ...serving, [option]: undefined } }, model, replicas))
    .map((option) => `omit serving.${option}`);
}

function holds(props: ScalableModelServiceProps, model: Model, replicas: number): boolean {
  return replicasFor(props.capacity!, replicaSizes(model, props).sizing!) <= replicas;
}
