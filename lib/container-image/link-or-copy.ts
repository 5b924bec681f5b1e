import { constants, copyFileSync, linkSync, realpathSync } from 'node:fs';

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;

/**
 * Puts a file at a second place without copying gigabytes where the file system can do that: a reflink, which keeps its
 * bytes whatever becomes of the source, else a hard link, else a copy. A link shares mode and times with its owner's
 * file, so they are left alone. It never writes over what is there.
 */
export function linkOrCopy(source: string, target: string): void {
  const file = realpathSync(source);
  const ways = [
    () => copyFileSync(file, target, COPYFILE_FICLONE_FORCE | COPYFILE_EXCL),
    () => linkSync(file, target),
    () => copyFileSync(file, target, COPYFILE_EXCL),
  ];
  for (const [index, put] of ways.entries()) {
    try {
      return put();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' || index === ways.length - 1) throw error;
    }
  }
}
