import { constants, copyFileSync, linkSync, realpathSync } from 'node:fs';

/**
 * Puts a file at a second place without copying gigabytes where the file system can do that: a hard link, else a
 * reflink, else a copy. The mode and times stay the owner's: a link shares them.
 */
export function linkOrCopy(source: string, target: string): void {
  const file = realpathSync(source);
  try {
    linkSync(file, target);
  } catch {
    copyFileSync(file, target, constants.COPYFILE_FICLONE);
  }
}
