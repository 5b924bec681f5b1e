import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../errors';
import { breaking, type Difference } from './difference';
import { acceptCommand, interfaceErrors, oldNameText } from './errors';
import { locateInterface, readInterface } from './interface-file';
import { type AcceptedInterface, majorVersion, type ModelInterface } from './model-interface';

/** What the comparison with the accepted interface finds. */
export interface InterfaceFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Compares a model with its accepted interface, if it has one. What breaks clients is refused, except in a new major version.
 *
 * @param given - path of its file; false for none; undefined for the one beside the model, if it is there
 * @param declared - the signature as the model's file has it: an interface that was accepted with it is no break
 * @throws ModelServingError what `locateInterface` and `readInterface` throw
 */
export function checkInterface(
  modelPath: string,
  given: string | false | undefined,
  model: ModelInterface & { readonly version: string },
  declared: Signature = model,
): InterfaceFindings {
  const found = locateInterface(modelPath, given);
  if (!found) return { problems: [], warnings: [] };
  const { path, rename } = found;
  const accepted = readInterface(path, modelPath);
  const naming = rename === undefined ? [] : [oldNameText(path, rename)];
  // Most models have no accepted interface, and would load this at each synth for nothing.
  const { compareInterfaces } = require('./compare-interfaces') as typeof import('./compare-interfaces');
  const differences = compareInterfaces(accepted, model);
  if (differences.length === 0) return { problems: [], warnings: naming };
  const source = `${path} (version "${accepted.version}")`;
  const changes = differences.map(({ what }) => what).join('; ');
  const command = acceptCommand(modelPath, path, model);
  const refused = refusedDifferences(accepted, model.version, differences);
  if (refused.length === 0) {
    const outdated = `${modelPath}: compared with ${source}, ${changes}. Accept it, so that the next change is compared with this one: ${command}`;
    return { problems: [], warnings: [...naming, outdated] };
  }
  if (isAcceptedAsDeclared(accepted, model, declared)) {
    const untrue = `${modelPath}: ${source} was accepted with shapes that the model declares and does not give: ${changes}. Answers are what they were. Accept the interface again: ${command}`;
    return { problems: [], warnings: [...naming, untrue] };
  }
  return {
    problems: refused.map((difference) => interfaceErrors.broken(path, modelPath, accepted, model, difference)),
    warnings: naming,
  };
}

/** Breaking differences that the version does not announce. */
export function refusedDifferences(
  accepted: AcceptedInterface,
  version: string,
  differences: readonly Difference[],
): Required<Difference>[] {
  return majorVersion(accepted.version) === majorVersion(version) ? breaking(differences) : [];
}

/**
 * Whether an interface was accepted with the shapes that the model's file declares, where these are untrue: clients get
 * the same answers as before.
 */
export function isAcceptedAsDeclared(accepted: AcceptedInterface, model: ModelInterface, declared: Signature): boolean {
  const { compareInterfaces } = require('./compare-interfaces') as typeof import('./compare-interfaces');
  const { inputs, outputs } = declared;
  return breaking(compareInterfaces(accepted, { ...model, inputs, outputs })).length === 0;
}
