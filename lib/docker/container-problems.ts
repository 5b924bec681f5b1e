import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { Problem } from '../base/errors';
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
import type { ContainerizedModelProps } from './container-props';
import type { ContainerSizes } from './container-settings';
import { dockerErrors } from './errors';

/**
 * Finds all problems with the props.
 * @param sizes - undefined if there is no model
 */
export function containerProblems(where: string, props: ContainerizedModelProps, sizes?: ContainerSizes): Problem[] {
  const problems = new Problems();
  checkSource(where, props, problems);
  checkAddresses(where, props, problems);
  checkResources(where, props, sizes, problems);
  checkEnvironment(where, props.environment ?? {}, problems);
  problems.check(props.containerName, isContainerName, (name) => dockerErrors.containerNameInvalid(where, name));
  problems.checkKnown(where, 'waitSeconds', props.waitSeconds);
  problems.checkKnown(where, 'openApiFile', props.openApiFile);
  problems.check(props.waitSeconds, isWhole(0), (value) => dockerErrors.waitSecondsInvalid(where, value));
  const { serving = {} } = props;
  checkBatchable(where, serving, sizes?.model, problems);
  checkBatchDelay(where, serving, problems);
  return [...problems.list, ...servingProblems(where, serving)];
}

function checkAddresses(where: string, props: ContainerizedModelProps, problems: Problems): void {
  const { port, grpcPort, metricsPort } = props;
  const ports = { port, grpcPort, metricsPort };
  for (const [prop, value] of Object.entries(ports)) {
    problems.check(value, isWhole(1, 65535), (found) => workloadErrors.portOutOfRange(where, prop, found));
  }
  checkPortsDiffer(where, ports, problems);
  problems.check(
    props.bindAddress,
    (address) => isIP(address) !== 0,
    (address) => dockerErrors.bindAddressInvalid(where, address),
  );
}

function checkResources(
  where: string,
  { cpus, memoryMiB, logRotation = {} }: ContainerizedModelProps,
  sizes: ContainerSizes | undefined,
  problems: Problems,
): void {
  const isCpus = (value: number) => Number.isFinite(value) && value >= 0.01;
  problems.check(cpus, isCpus, (value) => dockerErrors.cpusOutOfRange(where, value));
  checkMemory(where, 'memoryMiB', memoryMiB, sizes, problems);
  checkRequestBudget(where, sizes, problems);
  for (const prop of ['maxSizeMiB', 'maxFiles'] as const) {
    const name = `logRotation.${prop}`;
    problems.check(logRotation[prop], isWhole(1), (value) => workloadErrors.notPositive(where, name, value));
  }
}

/** @see https://github.com/moby/moby/blob/master/daemon/names/names.go */
export function isContainerName(name: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name);
}

/** Converts a construct's path to a container name that is the same at every synth. */
export function defaultContainerName(path: string): string {
  const name = path.replaceAll('/', '-');
  if (isContainerName(name)) return name;
  // The hash keeps names distinct if their paths differ only in characters that a name cannot contain.
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 8);
  const legal = name.replace(/[^a-zA-Z0-9_.-]+/g, '-').replace(/^[^a-zA-Z0-9]+|-+$/g, '');
  return legal ? `${legal}-${hash}` : hash;
}
