import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Root folder of this package, which is found both from the sources and from the compiled files. */
export const packageRoot = findPackageRoot(__dirname);

/** Parses the package.json of a folder. */
export function readPackage(folder: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function findPackageRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findPackageRoot(dirname(folder));
}
