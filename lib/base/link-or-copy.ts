import { constants, copyFileSync, linkSync, realpathSync } from 'node:fs';

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE } = constants;

/**
 * Puts a file at a second path, without copying its bytes if the file system supports that. Creates a reflink, which
 * does not change when its source changes; otherwise a hard link; otherwise a copy. A hard link shares its mode and
 * times with the user's file, so this function changes neither. It never overwrites an existing file.
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
