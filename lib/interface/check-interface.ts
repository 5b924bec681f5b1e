import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../base/errors';
import { breaking, type Difference } from './compare-interfaces';
import { acceptCommand, interfaceErrors, oldNameText } from './errors';
import { locateInterface, readInterface } from './interface-file';
import { type AcceptedInterface, majorVersion, type ModelInterface } from './model-interface';

/** Result of comparing a model with its accepted interface. */
export interface InterfaceFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Compares a model with its accepted interface, if it has one. Breaking differences are errors, except in a new major
 * version.
 *
 * @param given - path of the interface; false for none; undefined for the file beside the model, if it exists
 * @param declared - signature as declared in the model's file; an interface that was accepted with this signature is
 * not broken
 * @throws ModelServingError the errors of `locateInterface` and `readInterface`
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
  // Loaded lazily: most models have no accepted interface.
  const { compareInterfaces } = require('./compare-interfaces') as typeof import('./compare-interfaces');
  const differences = compareInterfaces(accepted, model);
  if (differences.length === 0) return { problems: [], warnings: naming };
  const source = `${path} (version "${accepted.version}")`;
  const changes = differences.map(({ change }) => change).join('; ');
  const command = acceptCommand(modelPath, path, model);
  const refused = refusedDifferences(accepted, model.version, differences);
  if (refused.length === 0) {
    const outdated = `${modelPath}: compared with ${source}, ${changes}. Accept the new interface, so that later changes are compared with it: ${command}`;
    return { problems: [], warnings: [...naming, outdated] };
  }
  if (isAcceptedAsDeclared(accepted, model, declared)) {
    const untrue = `${modelPath}: ${source} was accepted with shapes that the model declares wrongly: ${changes}. The answers have not changed. Accept the interface again: ${command}`;
    return { problems: [], warnings: [...naming, untrue] };
  }
  return {
    problems: refused.map((difference) => interfaceErrors.broken(path, modelPath, accepted, model, difference)),
    warnings: naming,
  };
}

/** Selects breaking differences; none if the version has a new major number. */
export function refusedDifferences(
  accepted: AcceptedInterface,
  version: string,
  differences: readonly Difference[],
): Required<Difference>[] {
  return majorVersion(accepted.version) === majorVersion(version) ? breaking(differences) : [];
}

/**
 * Whether an interface was accepted with the shapes that the model's file wrongly declares. In this case, clients get
 * the same answers as before.
 */
export function isAcceptedAsDeclared(accepted: AcceptedInterface, model: ModelInterface, declared: Signature): boolean {
  const { compareInterfaces } = require('./compare-interfaces') as typeof import('./compare-interfaces');
  const { inputs, outputs } = declared;
  return breaking(compareInterfaces(accepted, { ...model, inputs, outputs })).length === 0;
}
