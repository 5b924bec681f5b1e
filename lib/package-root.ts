import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** This package's folder, from its sources as from its compiled form. */
export const packageRoot = findPackageRoot(__dirname);

/** What package.json in a folder says. */
export function readPackage(folder: string): { version: string; dependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function findPackageRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findPackageRoot(dirname(folder));
}
