import { Token } from 'cdktf';
import { SETTING_PREFIX } from '../../inference-image/src/contract/settings';
import type { Problem } from '../errors';
import { minimumMemoryMiB } from '../memory';
import { servingProblems } from '../serving-options';
import type { ContainerizedModelProps } from './containerized-model';
import { dockerErrors } from './errors';

/** Everything that is wrong with the props; values that only the plan knows are not checked. */
export function containerProblems(where: string, props: ContainerizedModelProps): Problem[] {
  const {
    image,
    model,
    build,
    cpus,
    memoryMiB,
    containerName,
    environment = {},
    serving = {},
    logRotation = {},
  } = props;
  const problems: Problem[] = [];
  const check = <T>(value: T | undefined, isRight: (value: T) => boolean, problem: (value: T) => Problem) => {
    if (value !== undefined && !Token.isUnresolved(value) && !isRight(value)) problems.push(problem(value));
  };
  const checkPositive = (prop: string, value: number | undefined) =>
    check(value, isWhole(1), (bad) => dockerErrors.notPositive(where, prop, bad));

  if ((image === undefined) === (model === undefined)) problems.push(dockerErrors.modelOrImage(where));
  if (image && build) problems.push(dockerErrors.buildWithImage(where));
  for (const prop of ['port', 'metricsPort'] as const) {
    check(props[prop], isWhole(1, 65535), (port) => dockerErrors.portOutOfRange(where, prop, port));
  }
  check(
    cpus,
    (value) => value >= 0.01,
    (value) => dockerErrors.cpusOutOfRange(where, value),
  );
  const served = image?.model ?? model;
  if (served) {
    const minimum = minimumMemoryMiB(served);
    check(
      memoryMiB,
      (value) => value >= minimum,
      (value) => dockerErrors.memoryTooSmall(where, value, minimum, served),
    );
  }
  check(
    containerName,
    (name) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name),
    (name) => dockerErrors.containerNameInvalid(where, name),
  );
  for (const variable of Object.keys(environment).filter((name) => name.startsWith(SETTING_PREFIX))) {
    problems.push(dockerErrors.environmentReserved(where, variable));
  }
  check(props.waitSeconds, isWhole(0), (value) => dockerErrors.waitSecondsInvalid(where, value));
  checkPositive('logRotation.maxSizeMiB', logRotation.maxSizeMiB);
  checkPositive('logRotation.maxFiles', logRotation.maxFiles);
  return [...problems, ...servingProblems(where, serving)];
}

function isWhole(minimum: number, maximum = Infinity) {
  return (value: number) => Number.isInteger(value) && value >= minimum && value <= maximum;
}
