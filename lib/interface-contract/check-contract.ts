import type { Signature } from '../../inference-image/src/contract/signature';
import type { Problem } from '../errors';
import { findContract } from './contract-file';
import { breaking, type Difference } from './difference';
import { acceptCommand, contractErrors } from './errors';
import { type InterfaceContract, majorVersion, type ModelInterface } from './model-interface';

/** What a contract has to say of a model. */
export interface ContractFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/**
 * Compares a model with its contract, if it has one. What breaks clients is refused, except in a new major version.
 *
 * @param given - path of the contract; false for none; undefined for the one beside the model, if it is there
 * @param declared - the signature as the model's file has it: a contract that was accepted with it is no break
 * @throws ModelServingError what `readContract` throws
 */
export function checkContract(
  modelPath: string,
  given: string | false | undefined,
  model: ModelInterface & { readonly version: string },
  declared: Signature = model,
): ContractFindings {
  const found = findContract(modelPath, given);
  if (!found) return { problems: [], warnings: [] };
  const { path, contract } = found;
  // Most models have no contract, and would load it at each synth for nothing.
  const { compareInterfaces } = require('./compare-interfaces') as typeof import('./compare-interfaces');
  const differences = compareInterfaces(contract, model);
  const refused = refusedDifferences(contract, model.version, differences);
  if (refused.length > 0 && isAcceptedAsDeclared(contract, model, declared)) {
    return { problems: [], warnings: [untrue(path, modelPath, contract, model, differences)] };
  }
  return {
    problems: refused.map((difference) => contractErrors.broken(path, modelPath, contract, model, difference)),
    warnings:
      refused.length > 0 || differences.length === 0 ? [] : [outdated(path, modelPath, contract, model, differences)],
  };
}

/** Breaking differences that the version does not announce. */
export function refusedDifferences(
  contract: InterfaceContract,
  version: string,
  differences: readonly Difference[],
): Required<Difference>[] {
  return majorVersion(contract.version) === majorVersion(version) ? breaking(differences) : [];
}

/**
 * Whether a contract was accepted with the shapes that the model's file declares, where these are untrue: clients get
 * the same answers as before.
 */
export function isAcceptedAsDeclared(contract: InterfaceContract, model: ModelInterface, declared: Signature): boolean {
  const { compareInterfaces } = require('./compare-interfaces') as typeof import('./compare-interfaces');
  const { inputs, outputs } = declared;
  return breaking(compareInterfaces(contract, { ...model, inputs, outputs })).length === 0;
}

function untrue(
  path: string,
  modelPath: string,
  { version }: InterfaceContract,
  model: ModelInterface,
  differences: readonly Difference[],
): string {
  return `${modelPath}: ${path} (version "${version}") was accepted with shapes that the model declares and does not give: ${listed(differences)}. Answers are what they were. Accept the interface again: ${acceptCommand(modelPath, path, model)}`;
}

function outdated(
  path: string,
  modelPath: string,
  { version }: InterfaceContract,
  model: ModelInterface,
  differences: readonly Difference[],
): string {
  return `${modelPath}: compared with ${path} (version "${version}"), ${listed(differences)}. Accept it, so that the next change is compared with this one: ${acceptCommand(modelPath, path, model)}`;
}

function listed(differences: readonly Difference[]): string {
  return differences.map(({ what }) => what).join('; ');
}
