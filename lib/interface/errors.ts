import { parse } from 'node:path';
import { isBeside } from '../base/committed-file';
import type { Problem } from '../base/errors';
import { shellWord } from '../base/text';
import type { Difference } from './compare-interfaces';
import type { AcceptedInterface, ModelInterface } from './model-interface';

/** Errors of an accepted interface, or of a model that breaks it; `path` is the file as the user gave it. */
export const interfaceErrors = {
  notJson: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'interface-not-json',
    message: `${path}: this file is not valid JSON: ${reason}. Restore the file, or remove it and write it again from the deployed model: ${acceptCommand(modelPath, path)}`,
  }),

  invalid: (path: string, modelPath: string, where: string, reason: string): Problem => ({
    code: 'interface-invalid',
    message: `${path}: ${where}: ${reason}. Restore the file, or remove it and write it again from the deployed model: ${acceptCommand(modelPath, path)}`,
  }),

  broken: (
    path: string,
    modelPath: string,
    accepted: AcceptedInterface,
    model: ModelInterface,
    { change, effect }: Required<Difference>,
  ): Problem => ({
    code: 'interface-broken',
    message: `${modelPath}: compared with ${path} (version "${accepted.version}"), ${change}: ${effect}. ${remedyStart(accepted, model)} the model's major version, or accept the change if no client is affected: ${acceptCommand(modelPath, path, model)} --breaking`,
  }),

  twice: (path: string, oldPath: string): Problem => ({
    code: 'interface-file-twice',
    message: `${oldPath}: this is the old name of ${path}, and both files exist. Keep one: git rm ${shellWord(oldPath)}, or git mv -f ${shellWord(oldPath)} ${shellWord(path)}`,
  }),

  /** @param rename - command that renames the file */
  oldName: (path: string, rename: string): Problem => ({
    code: 'old-name',
    message: oldNameText(path, rename),
  }),
};

export function oldNameText(path: string, rename: string): string {
  return `${path}: the file of a model's interface is now called MODEL.interface.json. Rename it: ${rename}`;
}

export function renameCommand(oldPath: string, path: string): string {
  return `git mv ${shellWord(oldPath)} ${shellWord(path)}`;
}

/** Start of the remedy. It names missing declarations first, because they are easily forgotten on the command line. */
function remedyStart(accepted: ModelInterface, model: ModelInterface): string {
  const props = (['picture', 'classes'] as const).filter((prop) => accepted[prop] && !model[prop]);
  if (props.length === 0) return 'Raise';
  return `Declare ${props.join(' and ')} as before (on the command line: --preprocessing FILE). Otherwise, raise`;
}

/** Whether the file is the one beside the model, under its current or old name. */
function isDefault(path: string, modelPath: string): boolean {
  return isBeside(path, modelPath, 'interface') || isBeside(path, modelPath, 'contract');
}

/** The command that accepts a model's interface; used in messages. */
export function acceptCommand(
  modelPath: string,
  path: string,
  { name, picture, classes }: Partial<ModelInterface> = {},
): string {
  const options = [
    ...(name === undefined || name === parse(modelPath).name ? [] : [`--name ${shellWord(name)}`]),
    ...(isDefault(path, modelPath) ? [] : [`--interface ${shellWord(path)}`]),
    ...(picture || classes ? ['--preprocessing FILE'] : []),
  ];
  return ['model-serving interface accept', shellWord(modelPath), ...options].join(' ');
}
