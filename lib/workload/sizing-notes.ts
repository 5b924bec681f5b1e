import { relative } from 'node:path';
import { Annotations, Token } from 'cdktf';
import type { Construct, IConstruct } from 'constructs';
import { defaultMemoryMiB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { loadText, MOST_LOAD } from '../profile/machine-load';
import { measuredOn } from '../profile/measured-on';
import type { ModelProfile } from '../profile/model-profile';
import { profileCommand } from '../profile/profile-command';
import { rateText, shapeText } from '../profile/sizing-text';
import type { Sizing } from '../profile/sizing';
import type { ServingOptions } from '../serving-options';

/** Apps that were told that a model has no profile: fifty models need not say it fifty times. */
const told = new WeakSet<IConstruct>();

/**
 * Says at synth what a replica has and from where.
 * @param defaultCpus what it has without a profile, such as `1 CPU`
 * @param profile the model's, as measured at the sizes that count
 */
export function noteSizing(
  scope: Construct,
  model: OnnxModel,
  serving: ServingOptions,
  sizing: Sizing | undefined,
  defaultCpus: string,
  profile: ModelProfile | undefined = model.profile,
): void {
  const { name } = model;
  const annotations = Annotations.of(scope);
  const defaults = `what is not set gets the documented defaults (${defaultCpus}, ${defaultMemoryMiB(model, serving)} MiB)`;
  if (!profile) {
    if (told.has(scope.node.root)) return;
    told.add(scope.node.root);
    return annotations.addInfo(`Model "${name}" has no profile: ${defaults}. Measure it: ${measureCommand(model)}`);
  }
  if (profile.runtimeVersion !== RUNTIME_VERSION) {
    annotations.addWarning(
      `Model "${name}" was measured with onnxruntime ${profile.runtimeVersion}, and its image has ${RUNTIME_VERSION}: its profile may be off. Measure it again: ${measureCommand(model)}`,
    );
  }
  const { otherLoad = 0 } = profile.machine;
  if (otherLoad > MOST_LOAD) {
    annotations.addWarning(
      `Model "${name}" was measured while other processes took ${loadText(otherLoad)} of the machine's CPU time: its profile may be off. Measure it again on a machine without other work: ${measureCommand(model)}`,
    );
  }
  if (!sizing) {
    return annotations.addInfo(
      `Model "${name}" has a profile, but only Terraform knows what its sizes follow from (CPUs, executors, threads or batches): ${defaults}.`,
    );
  }
  annotations.addInfo(
    `Model "${name}" is sized by its profile: ${sizingText(sizing)}, as measured on ${measuredOn(profile)}.`,
  );
}

/** The command that measures a model, from the working directory. */
export function measureCommand({ files }: OnnxModel): string {
  return profileCommand(relative(process.cwd(), files[0]!.sourcePath));
}

function sizingText(sizing: Sizing): string {
  const { memoryMiB, requestsPerSecond } = sizing;
  const memory = Token.isUnresolved(memoryMiB) ? [] : [`${memoryMiB} MiB`];
  return [shapeText(sizing), ...memory, rateText(requestsPerSecond)].join(', ');
}
