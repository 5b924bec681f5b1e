import { isIP } from 'node:net';
import { Token } from 'cdktf';
import { SETTING_PREFIX } from '../../inference-image/src/contract/settings';
import type { Problem } from '../errors';
import { minimumMemoryMiB } from '../memory';
import { isWhole, Problems } from '../problems';
import { servingProblems } from '../serving-options';
import { isContainerName } from './container-name';
import type { ContainerizedModelProps } from './containerized-model';
import { dockerErrors } from './errors';

/** Everything that is wrong with the props. */
export function containerProblems(where: string, props: ContainerizedModelProps): Problem[] {
  const problems = new Problems();
  checkSource(where, props, problems);
  checkAddresses(where, props, problems);
  checkResources(where, props, problems);
  checkEnvironment(where, props, problems);
  problems.check(props.containerName, isContainerName, (name) => dockerErrors.containerNameInvalid(where, name));
  problems.checkKnown(where, 'waitSeconds', props.waitSeconds);
  problems.check(props.waitSeconds, isWhole(0), (value) => dockerErrors.waitSecondsInvalid(where, value));
  return [...problems.list, ...servingProblems(where, props.serving ?? {})];
}

function checkSource(where: string, { image, model, build }: ContainerizedModelProps, problems: Problems): void {
  if ((image === undefined) === (model === undefined)) problems.add(dockerErrors.modelOrImage(where));
  if (image && build) problems.add(dockerErrors.buildWithImage(where));
}

function checkAddresses(where: string, props: ContainerizedModelProps, problems: Problems): void {
  for (const prop of ['port', 'metricsPort'] as const) {
    problems.check(props[prop], isWhole(1, 65535), (port) => dockerErrors.portOutOfRange(where, prop, port));
  }
  const { port, metricsPort } = props;
  if (port !== undefined && port === metricsPort && !Token.isUnresolved(port)) {
    problems.add(dockerErrors.portsEqual(where, port));
  }
  problems.check(
    props.bindAddress,
    (address) => isIP(address) !== 0,
    (address) => dockerErrors.bindAddressInvalid(where, address),
  );
}

function checkResources(where: string, props: ContainerizedModelProps, problems: Problems): void {
  const { cpus, memoryMiB, logRotation = {} } = props;
  const model = props.image?.model ?? props.model;
  const isCpus = (value: number) => Number.isFinite(value) && value >= 0.01;
  problems.check(cpus, isCpus, (value) => dockerErrors.cpusOutOfRange(where, value));
  problems.check(memoryMiB, isWhole(1), (value) => dockerErrors.notPositive(where, 'memoryMiB', value));
  if (model) {
    const minimum = minimumMemoryMiB(model);
    const isEnough = (value: number) => value >= minimum;
    problems.check(memoryMiB, isEnough, (value) => dockerErrors.memoryTooSmall(where, value, minimum, model));
  }
  for (const prop of ['maxSizeMiB', 'maxFiles'] as const) {
    const name = `logRotation.${prop}`;
    problems.check(logRotation[prop], isWhole(1), (value) => dockerErrors.notPositive(where, name, value));
  }
}

function checkEnvironment(where: string, { environment = {} }: ContainerizedModelProps, problems: Problems): void {
  for (const name of Object.keys(environment)) {
    if (name.startsWith(SETTING_PREFIX)) problems.add(dockerErrors.environmentReserved(where, name));
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) problems.add(dockerErrors.environmentNameInvalid(where, name));
  }
}
