import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';

/** A symbolic link through which a file lies outside the folder that must contain it. */
export interface LinkOutside {
  /** Path of the link: the file itself, or a folder on the path to it. */
  readonly link: string;
  /** Target of the link, with all links resolved. */
  readonly target: string;
}

/**
 * Folders that may contain the companions of a file, such as its external data: its own folder and, if the file is a
 * link, the folder of the target. In the Hugging Face cache, for example, all files are links into another folder.
 * onnxruntime has the same rule:
 * https://github.com/microsoft/onnxruntime/pull/27374
 *
 * @throws the error of node:fs if the file does not exist
 */
export function foldersBeside(path: string): string[] {
  return [realpathSync(dirname(path)), dirname(realpathSync(path))];
}

/**
 * Finds the link through which a file name leads out of its folder. The name comes from data, such as a model. The
 * target of the link must not get into an image, because it may be a private key of the user.
 *
 * @param home - folder that `name` is relative to
 * @param name - relative path of the file, without `..`
 * @param folders - folders that may contain the file, with all links resolved
 * @throws the error of node:fs if the file does not exist
 */
export function linkOutside(
  home: string,
  name: string,
  folders: readonly string[] = [realpathSync(home)],
): LinkOutside | undefined {
  const isInside = (path: string) => folders.some((folder) => liesBelow(folder, path));
  if (isInside(realpathSync(join(home, name)))) return undefined;
  const parts = normalize(name).split(sep);
  const steps = parts.map((_, index) => join(home, ...parts.slice(0, index + 1)));
  const link = steps.find((step) => !isInside(realpathSync(step))) as string;
  return { link, target: realpathSync(link) };
}

/** Whether a path is a folder or lies in it; links are not resolved. */
export function liesBelow(folder: string, path: string): boolean {
  const fromFolder = relative(folder, path);
  return fromFolder !== '..' && !fromFolder.startsWith(`..${sep}`) && !isAbsolute(fromFolder);
}
