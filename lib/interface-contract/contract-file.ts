import { basename } from 'node:path';
import { fileBeside, parseCommittedFile } from '../committed-file';
import { sourceText } from '../model/model-files';
import { replaceFile } from '../replace-file';
import { contractErrors } from './errors';
import type { InterfaceContract, ModelInterface } from './model-interface';

/**
 * Reads a model's contract and checks its form.
 *
 * @param path - of the contract
 * @throws ModelServingError `contract-not-json`, `contract-invalid`, and what `sourceText` throws
 */
export function readContract(path: string, modelPath: string): InterfaceContract {
  return parseCommittedFile<InterfaceContract>(sourceText(basename(path), path), {
    name: 'contract-form 1',
    loadSchema: () => (require('./contract-schema') as typeof import('./contract-schema')).contractSchema,
    notJson: (reason) => contractErrors.notJson(path, modelPath, reason),
    invalid: (where, reason) => contractErrors.invalid(path, modelPath, where, reason),
  });
}

/** The contract at a path, or that beside the model where none is named; undefined where there is none. */
export function findContract(
  modelPath: string,
  given: string | false | undefined,
): { path: string; contract: InterfaceContract } | undefined {
  const path = given ?? fileBeside(modelPath, 'contract');
  return path ? { path, contract: readContract(path, modelPath) } : undefined;
}

/** Writes the interface of a model as accepted; the same interface and version give the same bytes. */
export function writeContract(path: string, { name, ...rest }: ModelInterface, version: string): void {
  const contract: InterfaceContract = { contractVersion: 1, name, version, ...rest };
  replaceFile(path, `${JSON.stringify(contract, undefined, 2)}\n`);
}
