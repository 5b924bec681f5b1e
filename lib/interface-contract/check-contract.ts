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
 * @throws ModelServingError what `readContract` throws
 */
export function checkContract(
  modelPath: string,
  given: string | false | undefined,
  model: ModelInterface & { readonly version: string },
): ContractFindings {
  const found = findContract(modelPath, given);
  if (!found) return { problems: [], warnings: [] };
  const { path, contract } = found;
  // Most models have no contract, and would load it at each synth for nothing.
  const { compareInterfaces } = require('./compare-interfaces') as typeof import('./compare-interfaces');
  const differences = compareInterfaces(contract, model);
  const refused = refusedDifferences(contract, model.version, differences);
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

function outdated(
  path: string,
  modelPath: string,
  { version }: InterfaceContract,
  model: ModelInterface,
  differences: readonly Difference[],
): string {
  const list = differences.map(({ what }) => what).join('; ');
  return `${modelPath}: compared with ${path} (version "${version}"), ${list}. Accept it, so that the next change is compared with this one: ${acceptCommand(modelPath, model)}`;
}
