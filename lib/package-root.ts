import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** This package's folder, from its sources as from its compiled form. */
export const packageRoot = findPackageRoot(__dirname);

function findPackageRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findPackageRoot(dirname(folder));
}
