import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, parse, relative, sep } from 'node:path';
import { ModelServingError } from '../errors';
import { liesBelow, linkOutside } from '../link-outside';
import { goldenErrors } from './errors';

/**
 * Refuses a folder for such files that is a link to another place.
 *
 * @param out - the file of the examples
 * @throws ModelServingError `golden-file-outside`
 */
export function checkFolderBeside(out: string): void {
  const folder = basename(out, '.json');
  if (!existsSync(join(dirname(out), folder))) return;
  const outside = linkOutside(dirname(out), folder);
  if (outside) throw new ModelServingError([goldenErrors.fileOutside(out, outside)]);
}

/** Files that golden examples name, in a folder beside them, before they are written: `digits.golden/zero.image.bin`. */
export class FilesBeside {
  /** By their names from the folder of the examples. */
  readonly files: { readonly path: string; readonly content: Buffer }[] = [];
  private readonly home: string;
  private readonly folder: string;
  /** In lower case, as some file systems see names. */
  private readonly taken: Set<string>;

  /**
   * @param out - the file of the examples
   * @param pictures - all pictures that examples will name, so that no copy overwrites one of them
   */
  constructor(out: string, pictures: readonly string[]) {
    this.home = dirname(out);
    this.folder = basename(out, '.json');
    this.taken = new Set(pictures.flatMap((path) => this.within(path)?.toLowerCase() ?? []));
  }

  /** Elements that are kept as bytes; they take the place of those that were recorded before. */
  elements(example: string, tensor: string, bytes: Buffer): string {
    return this.add(this.free(`${fileName(example)}.${fileName(tensor)}`, '.bin'), bytes);
  }

  /** What an example calls a picture, which is copied where it is not below the folder of the examples. */
  picture(path: string): string {
    const within = this.within(path);
    if (within !== undefined) return within;
    const { name, ext } = parse(path);
    const content = readFileSync(path);
    // What is there may be a picture of the user's own.
    const isFree = (file: string) => !existsSync(file) || readFileSync(file).equals(content);
    return this.add(this.free(fileName(name), ext, isFree), content);
  }

  /** From the folder of the examples, as they name files; undefined for what they cannot name. */
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
