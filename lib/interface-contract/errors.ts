import { parse } from 'node:path';
import { isBeside } from '../committed-file';
import type { Problem } from '../errors';
import { shellWord } from '../shell-word';
import type { Difference } from './difference';
import type { InterfaceContract, ModelInterface } from './model-interface';

/** What can be wrong with a contract, or with a model by its contract; `path` is the contract's, as the user gave it. */
export const contractErrors = {
  notJson: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'contract-not-json',
    message: `${path}: this is not JSON: ${reason}. Restore it, or remove it and write it again from the model that is deployed: ${acceptCommand(modelPath, path)}`,
  }),

  invalid: (path: string, modelPath: string, where: string, reason: string): Problem => ({
    code: 'contract-invalid',
    message: `${path}: ${where}: ${reason}. Restore it, or remove it and write it again from the model that is deployed: ${acceptCommand(modelPath, path)}`,
  }),

  broken: (
    path: string,
    modelPath: string,
    contract: InterfaceContract,
    model: ModelInterface,
    { what, harm }: Required<Difference>,
  ): Problem => ({
    code: 'contract-broken',
    message: `${modelPath}: compared with ${path} (version "${contract.version}"), ${what}: ${harm}. ${forgotten(contract, model)}Give the model another major version, or accept it if no client minds: ${acceptCommand(modelPath, path, model)} --breaking`,
  }),
};

/** What a stack declares is easily left out on the command line. */
function forgotten(contract: ModelInterface, model: ModelInterface): string {
  const props = (['image', 'classes'] as const).filter((prop) => contract[prop] && !model[prop]);
  if (props.length === 0) return '';
  return `Declare ${props.join(' and ')} as before (on the command line with --preprocessing FILE). Else: `;
}

/** The command that accepts a model's interface, for messages. */
export function acceptCommand(
  modelPath: string,
  path: string,
  { name, image, classes }: Partial<ModelInterface> = {},
): string {
  const options = [
    ...(name === undefined || name === parse(modelPath).name ? [] : [`--name ${shellWord(name)}`]),
    ...(isBeside(path, modelPath, 'contract') ? [] : [`--contract ${shellWord(path)}`]),
    ...(image || classes ? ['--preprocessing FILE'] : []),
  ];
  return ['model-serving contract accept', shellWord(modelPath), ...options].join(' ');
}
