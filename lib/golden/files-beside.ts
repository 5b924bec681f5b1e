import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, parse, relative, sep } from 'node:path';
import { ModelServingError } from '../base/errors';
import { liesBelow, linkOutside } from '../base/link-outside';
import { goldenErrors } from './errors';

/**
 * Checks that the folder beside the examples, if it exists, is not a link that leads out of the examples' own folder.
 *
 * @param out - file of the examples
 * @throws ModelServingError `golden-file-outside`
 */
export function checkFolderBeside(out: string): void {
  const folder = basename(out, '.json');
  if (!existsSync(join(dirname(out), folder))) return;
  const outside = linkOutside(dirname(out), folder);
  if (outside) throw new ModelServingError([goldenErrors.fileOutside(out, outside)]);
}

/**
 * Collects the files that golden examples refer to. They are written to a folder beside the examples:
 * `digits.golden/zero.image.bin`.
 */
export class FilesBeside {
  /** Files to write, with paths relative to the folder of the examples. */
  readonly files: { readonly path: string; readonly content: Buffer }[] = [];
  private readonly home: string;
  private readonly folder: string;
  /** Names in use, in lower case because some file systems ignore case. */
  private readonly taken: Set<string>;

  /**
   * @param out - file of the examples
   * @param pictures - all pictures that the examples will name, so that no copy overwrites one of them
   */
  constructor(out: string, pictures: readonly string[]) {
    this.home = dirname(out);
    this.folder = basename(out, '.json');
    this.taken = new Set(pictures.flatMap((path) => this.within(path)?.toLowerCase() ?? []));
  }

  /** Adds a file for a tensor's elements and returns its path. It replaces the file of an earlier recording. */
  elements(example: string, tensor: string, bytes: Buffer): string {
    return this.add(this.free(`${fileName(example)}.${fileName(tensor)}`, '.bin'), bytes);
  }

  /**
   * Returns the path by which an example refers to a picture. A picture outside the folder of the examples is copied.
   */
  picture(path: string): string {
    const within = this.within(path);
    if (within !== undefined) return within;
    const { name, ext } = parse(path);
    const content = readFileSync(path);
    // An existing file may be the user's own picture.
    const isFree = (file: string) => !existsSync(file) || readFileSync(file).equals(content);
    return this.add(this.free(fileName(name), ext, isFree), content);
  }

  /**
   * Path relative to the folder of the examples; undefined for a file that examples cannot refer to, such as one
   * outside this folder.
   */
  private within(path: string): string | undefined {
    const found = relative(this.home, path).replaceAll(sep, '/');
    if (!liesBelow(this.home, path) || found.includes('\\')) return undefined;
    return linkOutside(this.home, found) ? undefined : found;
  }

  private free(stem: string, extension: string, isFree: (file: string) => boolean = () => true): string {
    for (let count = 1; ; count++) {
      const file = `${this.folder}/${stem}${count > 1 ? `-${count}` : ''}${extension}`;
      if (this.taken.has(file.toLowerCase()) || !isFree(join(this.home, file))) continue;
      this.taken.add(file.toLowerCase());
      return file;
    }
  }

  private add(path: string, content: Buffer): string {
    this.files.push({ path, content });
    return path;
  }
}

function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, '_');
}
