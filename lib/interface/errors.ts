import { parse } from 'node:path';
import { isBeside } from '../committed-file';
import type { Problem } from '../errors';
import { shellWord } from '../shell-word';
import type { Difference } from './difference';
import type { AcceptedInterface, ModelInterface } from './model-interface';

/** What can be wrong with an accepted interface, or with a model by it; `path` is of the file, as the user gave it. */
export const interfaceErrors = {
  notJson: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'interface-not-json',
    message: `${path}: this is not JSON: ${reason}. Restore it, or remove it and write it again from the model that is deployed: ${acceptCommand(modelPath, path)}`,
  }),

  invalid: (path: string, modelPath: string, where: string, reason: string): Problem => ({
    code: 'interface-invalid',
    message: `${path}: ${where}: ${reason}. Restore it, or remove it and write it again from the model that is deployed: ${acceptCommand(modelPath, path)}`,
  }),

  broken: (
    path: string,
    modelPath: string,
    accepted: AcceptedInterface,
    model: ModelInterface,
    { what, harm }: Required<Difference>,
  ): Problem => ({
    code: 'interface-broken',
    message: `${modelPath}: compared with ${path} (version "${accepted.version}"), ${what}: ${harm}. ${forgotten(accepted, model)}Give the model another major version, or accept it if no client minds: ${acceptCommand(modelPath, path, model)} --breaking`,
  }),

  twice: (path: string, oldPath: string): Problem => ({
    code: 'interface-file-twice',
    message: `${oldPath}: this is the old name of ${path}, and both are there. Keep one: git rm ${shellWord(oldPath)}, or git mv -f ${shellWord(oldPath)} ${shellWord(path)}`,
  }),

  /** @param rename - the command that does it */
  oldName: (path: string, rename: string): Problem => ({
    code: 'old-name',
    message: oldNameText(path, rename),
  }),
};

export function oldNameText(path: string, rename: string): string {
  return `${path}: a model's interface is in MODEL.interface.json now. Rename the file: ${rename}`;
}

export function renameCommand(oldPath: string, path: string): string {
  return `git mv ${shellWord(oldPath)} ${shellWord(path)}`;
}

/** What a stack declares is easily left out on the command line. */
function forgotten(accepted: ModelInterface, model: ModelInterface): string {
  const props = (['picture', 'classes'] as const).filter((prop) => accepted[prop] && !model[prop]);
  if (props.length === 0) return '';
  return `Declare ${props.join(' and ')} as before (on the command line with --preprocessing FILE). Else: `;
}

/** Whether the file is the one beside the model, also under its old name. */
function isNamed(path: string, modelPath: string): boolean {
  return isBeside(path, modelPath, 'interface') || isBeside(path, modelPath, 'contract');
}

/** The command that accepts a model's interface, for messages. */
export function acceptCommand(
  modelPath: string,
  path: string,
  { name, picture, classes }: Partial<ModelInterface> = {},
): string {
  const options = [
    ...(name === undefined || name === parse(modelPath).name ? [] : [`--name ${shellWord(name)}`]),
    ...(isNamed(path, modelPath) ? [] : [`--interface ${shellWord(path)}`]),
    ...(picture || classes ? ['--preprocessing FILE'] : []),
  ];
  return ['model-serving interface accept', shellWord(modelPath), ...options].join(' ');
}
