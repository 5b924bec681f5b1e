import { basename } from 'node:path';
import { fileBeside, isObject, parseCommittedFile, pathBeside } from '../base/committed-file';
import { ModelServingError } from '../base/errors';
import { sourceText } from '../base/source-file';
import { replaceFile } from '../base/write-file';
import { interfaceErrors, renameCommand } from './errors';
import type { AcceptedInterface, ModelInterface } from './model-interface';

/** Location of a model's accepted interface. */
export interface InterfacePath {
  readonly path: string;
  /** Command that renames the file, if the file still has its name from earlier versions. */
  readonly rename?: string;
}

/**
 * Finds the accepted interface: the given path, or the file beside the model (`digits.interface.json`, formerly
 * `digits.contract.json`). Returns undefined if there is none.
 *
 * @param given - false for none; undefined for the file beside the model, if it exists
 * @throws ModelServingError `interface-file-twice`
 */
export function locateInterface(modelPath: string, given: string | false | undefined): InterfacePath | undefined {
  if (given !== undefined) return given ? { path: given } : undefined;
  const path = fileBeside(modelPath, 'interface');
  const oldPath = fileBeside(modelPath, 'contract');
  if (path && oldPath) throw new ModelServingError([interfaceErrors.twice(path, oldPath)]);
  if (oldPath) return { path: oldPath, rename: renameCommand(oldPath, pathBeside(modelPath, 'interface')) };
  return path ? { path } : undefined;
}

/**
 * Reads the accepted interface of a model and checks its form.
 *
 * @throws ModelServingError `interface-not-json`, `interface-invalid`, and the errors of `sourceText`
 */
export function readInterface(path: string, modelPath: string): AcceptedInterface {
  return parseCommittedFile<AcceptedInterface>(sourceText(basename(path), path), {
    name: 'interface-form 1',
    upgrade: withNewKeys,
    loadSchema: () => (require('./interface-schema') as typeof import('./interface-schema')).interfaceSchema,
    notJson: (reason) => interfaceErrors.notJson(path, modelPath, reason),
    invalid: (where, reason) => interfaceErrors.invalid(path, modelPath, where, reason),
  });
}

/** Renames the keys that earlier versions wrote: `contractVersion`, and `image` for pictures. */
function withNewKeys(content: unknown): unknown {
  if (!isObject(content) || content.contractVersion !== 1) return content;
  const { contractVersion: interfaceVersion, image: picture, ...rest } = content;
  return { interfaceVersion, ...rest, ...(picture !== undefined && { picture }) };
}

/**
 * Accepts a model's interface by writing it to a file. The same interface and version always produce the same bytes.
 */
export function writeInterface(path: string, { name, ...rest }: ModelInterface, version: string): void {
  const accepted: AcceptedInterface = { interfaceVersion: 1, name, version, ...rest };
  replaceFile(path, `${JSON.stringify(accepted, undefined, 2)}\n`);
}
