import { Token } from 'cdktf';
import { SETTING_PREFIX } from '../../inference-image/src/contract/settings';
import { pictureMemoryMiB, minimumMemoryMiB, neededMemoryMiB } from '../sizing/memory';
import { isWhole, type Problems } from './props';
import { requestNeeds } from '../sizing/request-needs';
import type { WorkloadSizes } from './workload-sizes';
import { workloadErrors } from './errors';

/** Checks that exactly one of model and image is set. */
export function checkSource(
  where: string,
  { model, image, build }: { model?: unknown; image?: unknown; build?: unknown },
  problems: Problems,
): void {
  if ((image === undefined) === (model === undefined)) problems.add(workloadErrors.modelOrImage(where));
  if (image && build) problems.add(workloadErrors.buildWithImage(where, 'build'));
}

/** Checks that a memory limit has room for the model, the largest picture that it accepts, and its requests. */
export function checkMemory(
  where: string,
  prop: string,
  memoryMiB: number | undefined,
  sizes: WorkloadSizes | undefined,
  problems: Problems,
): void {
  const isMiB = isWhole(1);
  problems.check(memoryMiB, isMiB, (value) => workloadErrors.notPositive(where, prop, value));
  if (!sizes || memoryMiB === undefined || !isMiB(memoryMiB)) return;
  const { model, serving } = sizes;
  const minimum = minimumMemoryMiB(model, serving.executors);
  const withPicture = minimum + pictureMemoryMiB(model);
  const needed = neededMemoryMiB(model, serving);
  const isEnough = (value: number) => value >= minimum;
  problems.check(memoryMiB, isEnough, (value) =>
    model.profile
      ? workloadErrors.memoryBelowPeak(where, prop, value, minimum, needed, model.name, model.profile)
      : workloadErrors.memoryTooSmall(where, prop, value, minimum, needed, model, serving.executors),
  );
  const hasRoomForPicture = (value: number) => !isEnough(value) || value >= withPicture;
  problems.check(memoryMiB, hasRoomForPicture, (value) =>
    workloadErrors.memoryBelowPicture(where, prop, value, minimum, needed, model),
  );
  const hasRoomForRequests = (value: number) => value < withPicture || value >= needed;
  problems.check(memoryMiB, hasRoomForRequests, (value) =>
    workloadErrors.memoryBelowRequests(where, prop, value, model, serving),
  );
}

/** Checks that the memory for requests has room for the largest request, and all requests that may wait. */
export function checkRequestBudget(where: string, sizes: WorkloadSizes | undefined, problems: Problems): void {
  if (!sizes) return;
  const needs = requestNeeds(sizes.model, sizes.serving);
  problems.check(
    sizes.serving.requestBudgetBytes,
    (value) => !(value < needs.leastBudgetBytes),
    (value) => workloadErrors.budgetBelowRequests(where, value, needs),
  );
}

/** Checks that all ports that are known at synth are different. */
export function checkPortsDiffer(where: string, ports: Record<string, number | undefined>, problems: Problems): void {
  const known = Object.entries(ports).filter(([, port]) => port !== undefined && !Token.isUnresolved(port));
  known.forEach(([prop, port], i) => {
    const [other] = known.slice(0, i).find(([, earlier]) => earlier === port) ?? [];
    if (other !== undefined) problems.add(workloadErrors.portsEqual(where, other, prop, port!));
  });
}

export function checkEnvironment(where: string, environment: object, problems: Problems): void {
  for (const name of Object.keys(environment)) {
    if (name.startsWith(SETTING_PREFIX)) problems.add(workloadErrors.environmentReserved(where, name));
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) problems.add(workloadErrors.environmentNameInvalid(where, name));
  }
}
