import { accessSync, constants, existsSync, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { printable } from '../../inference-image/src/contract/printable';
import { ModelServingError, type Problem } from '../base/errors';
import { isMarked, replaceFile } from '../base/write-file';
import { imageErrors } from '../container-image/errors';

/** A file that a command writes. */
export interface Output {
  /** Option that sets the path, such as `--out`. */
  readonly option: string;
  /** Path as the user gave it. */
  readonly path: string;
  /** Files that the command reads, the model first. The entry of an option that is not set is undefined. */
  readonly inputs: readonly (string | undefined)[];
  /** Text that every file written by this command contains. Existing files without this text are not overwritten. */
  readonly mark?: string;
}

/**
 * Checks, before any other work, that a file can be written and may be overwritten. Missing folders are allowed: they
 * are created when the file is written.
 *
 * @throws ModelServingError `out-empty`, `out-not-a-file`, `out-is-input`, `out-not-own`, `out-unwritable`
 */
export function checkOutput(output: Output): void {
  const problem = faultOf(output);
  if (problem) throw new ModelServingError([problem]);
}

/** @throws ModelServingError `out-unwritable` */
export function writeOutput({ option, path }: Pick<Output, 'option' | 'path'>, content: string): void {
  try {
    replaceFile(path, content);
  } catch (error) {
    throw new ModelServingError([outputErrors.unwritable(option, path, (error as Error).message)]);
  }
}

/**
 * Checks that a build context can be staged in a folder.
 *
 * @throws ModelServingError `out-empty`, `context-folder-link`, `context-folder-not-empty`, `out-unwritable`
 */
export function checkNewFolder(option: string, path: string): void {
  if (path === '') throw new ModelServingError([outputErrors.empty(option)]);
  const stats = statsOf(path, lstatSync);
  if (stats?.isSymbolicLink()) throw new ModelServingError([imageErrors.contextFolderLink(path)]);
  if (stats && !(stats.isDirectory() && readdirSync(path).length === 0)) {
    throw new ModelServingError([imageErrors.contextFolderNotEmpty(path)]);
  }
  const reason = folderObstacle(resolve(path));
  if (reason !== undefined) throw new ModelServingError([outputErrors.unwritable(option, path, reason)]);
}

function faultOf({ option, path, inputs, mark }: Output): Problem | undefined {
  const input = inputs.find((each) => each !== undefined && isSame(each, path));
  if (input !== undefined) return outputErrors.isInput(option, path, input);
  try {
    if (path === '') return outputErrors.empty(option);
    const stats = statsOf(path, statSync);
    if (stats?.isDirectory() || /[\\/]$/.test(path)) return outputErrors.notAFile(option, path, 'a folder');
    // The path is checked too, because /dev/stdout can be a link to a regular file.
    if ((stats && !stats.isFile()) || /^\/(?:dev|proc)\//.test(resolve(path))) {
      return outputErrors.notAFile(option, path, 'a device or a pipe');
    }
    if (stats && mark !== undefined && !isMarked(path, mark)) return outputErrors.notOwn(option, path);
    const reason = (stats && accessObstacle(path)) ?? folderObstacle(dirname(resolve(path)));
    return reason === undefined ? undefined : outputErrors.unwritable(option, path, reason);
  } catch (error) {
    return outputErrors.unwritable(option, path, (error as Error).message);
  }
}

function isSame(a: string, b: string): boolean {
  return resolve(a) === resolve(b) || (existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b));
}

/**
 * Reason why this user cannot create a file in a folder or, if the folder is missing, in its nearest existing parent.
 */
function folderObstacle(folder: string): string | undefined {
  const stats = statsOf(folder, statSync);
  if (!stats) return folderObstacle(dirname(folder));
  return stats.isDirectory() ? accessObstacle(folder) : `${folder} is not a folder`;
}

function accessObstacle(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Returns the stats of a path; undefined if nothing exists there, or if a parent is a file. */
function statsOf(path: string, stat: typeof statSync | typeof lstatSync): Stats | undefined {
  try {
    return stat(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

const outputErrors = {
  empty: (option: string): Problem => ({
    code: 'out-empty',
    message: `${option} is empty; a shell variable may be unset. Set it to a path.`,
  }),

  notAFile: (option: string, path: string, what: string): Problem => ({
    code: 'out-not-a-file',
    message: `${option} ${path} is ${what}. Use the path of a file.`,
  }),

  isInput: (option: string, path: string, input: string): Problem => ({
    code: 'out-is-input',
    message: `${option} ${path} is ${path === input ? 'a file that the command reads' : `the same file as ${input}`}. Use a different path.`,
  }),

  notOwn: (option: string, path: string): Problem => ({
    code: 'out-not-own',
    message: `${option} ${path} is a file that this command did not write. Use a different path, or remove the file.`,
  }),

  unwritable: (option: string, path: string, reason: string): Problem => ({
    code: 'out-unwritable',
    message: `${option} ${path} cannot be written: ${reason}. Use a file in a folder that you can write to.`,
  }),
};

/** Writes one or more lines to standard output. */
export function print(text: string): void {
  console.log(printable(text));
}

/** Writes warnings and hints to standard error. */
export function printNote(text: string): void {
  console.error(printable(text));
}
