import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';

/** A link by which a file leaves the folder that it must stay in. */
export interface LinkOutside {
  /** Path of the link: that of the file, or of a folder on the way to it. */
  readonly link: string;
  /** Where it leads, with all links resolved. */
  readonly target: string;
}

/**
 * Folders that the files beside a file must stay in. A link may lead to a neighbour of the file itself, as in the
 * Hugging Face cache, where both are links into one folder. onnxruntime has the same rule:
 * https://github.com/microsoft/onnxruntime/pull/27374
 *
 * @throws the error of node:fs where the file is not there
 */
export function foldersBeside(path: string): string[] {
  return [realpathSync(dirname(path)), dirname(realpathSync(path))];
}

/**
 * Finds the link by which a file that is named by data leaves its folder. What is behind such a link was not meant to be
 * in an image: it may be a key of the user's.
 *
 * @param home - folder that the name starts at
 * @param name - path of the file from there, without `..`
 * @param folders - where the file may be, with all links resolved
 * @throws the error of node:fs where the file is not there
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

/** Whether a path lies in a folder or is the folder itself; links are not resolved. */
export function liesBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
