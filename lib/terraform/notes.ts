import { Annotations, Token } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { relative } from 'node:path';
import { bytesText } from '../base/text';
import type { Model } from '../model/model';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { measuredOn, profileCommand, loadText, MAX_LOAD } from '../profile/describe-profile';
import { defaultMemoryMiB, requestLimits } from '../sizing/memory';
import type { Sizing } from '../sizing/sizing';
import { rateText, shapeText } from '../sizing/sizing-text';
import { noteBatching } from './batching';
import type { ServingOptions } from './serving-options';
import type { WorkloadSizes } from './workload-sizes';

/**
 * Adds notes to the plan about shared runs, sizes and requests.
 * @param serving - options as the user set them
 * @param defaultCpus - text for the CPUs that are used without a profile, such as `1 CPU`
 */
export function noteWorkload(
  scope: Construct,
  serving: ServingOptions,
  sizes: WorkloadSizes,
  defaultCpus: string,
): void {
  noteBatching(scope, serving, sizes.model);
  noteSizing(scope, sizes, defaultCpus);
  noteRequests(scope, sizes);
}

/** Adds a note to the plan with the maximum size of requests and the memory that they share. */
function noteRequests(scope: Construct, { model, serving, memoryMiB }: WorkloadSizes): void {
  const { maxRequestBytes, requestBudgetBytes, executors } = serving;
  if (Token.isUnresolved(maxRequestBytes)) return;
  const limits = requestLimits(model, serving, memoryMiB);
  const source =
    maxRequestBytes === undefined
      ? 'derived from its signature; override it with serving.maxRequestBytes'
      : 'serving.maxRequestBytes';
  const isKnown = ![memoryMiB, requestBudgetBytes, executors].some(Token.isUnresolved);
  const together = isKnown ? `, which share ${bytesText(limits.requestBudgetBytes)} of memory` : '';
  Annotations.of(scope).addInfo(
    `Model "${model.name}" accepts requests of up to ${bytesText(limits.maxRequestBytes)} (${source})${together}.`,
  );
}

/** Apps that already have a note about a missing profile. Each app shows the note only once, not for each model. */
const notedApps = new WeakSet<IConstruct>();

/** Adds a note to the plan with the sizes of a replica and their source. */
function noteSizing(scope: Construct, { model, profile, sizing, serving }: WorkloadSizes, defaultCpus: string): void {
  const { name } = model;
  const annotations = Annotations.of(scope);
  const defaults = `options that are not set use the documented defaults (${defaultCpus}, ${defaultMemoryMiB(model, serving)} MiB)`;
  if (!profile) {
    if (notedApps.has(scope.node.root)) return;
    notedApps.add(scope.node.root);
    return annotations.addInfo(
      `Model "${name}" has no profile: ${defaults}. Measure the model: ${measureCommand(model)}`,
    );
  }
  if (profile.runtimeVersion !== RUNTIME_VERSION) {
    annotations.addWarning(
      `Model "${name}" was measured with onnxruntime ${profile.runtimeVersion}, but its image has ${RUNTIME_VERSION}, so the profile may be inaccurate. Measure the model again: ${measureCommand(model)}`,
    );
  }
  const { otherLoad = 0 } = profile.machine;
  if (otherLoad > MAX_LOAD) {
    annotations.addWarning(
      `Model "${name}" was measured while other processes used ${loadText(otherLoad)} of the machine's CPU time, so the profile may be inaccurate. Measure the model again on an idle machine: ${measureCommand(model)}`,
    );
  }
  if (!sizing) {
    return annotations.addInfo(
      `Model "${name}" has a profile, but its sizes depend on Terraform tokens (CPUs, executors, threads or batches): ${defaults}.`,
    );
  }
  annotations.addInfo(
    `Model "${name}" is sized according to its profile: ${sizingText(sizing)}, as measured on ${measuredOn(profile)}.`,
  );
}

/** Command that measures a model, with a path relative to the working directory. */
export function measureCommand({ files }: Model): string {
  return profileCommand(relative(process.cwd(), files[0]!.sourcePath));
}

function sizingText(sizing: Sizing): string {
  const { memoryMiB, requestsPerSecond } = sizing;
  const memory = Token.isUnresolved(memoryMiB) ? [] : [`${memoryMiB} MiB`];
  return [shapeText(sizing), ...memory, rateText(requestsPerSecond)].join(', ');
}
