import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The command's file, for Node. */
export const CLI = join(__dirname, '..', '..', 'dist/lib/cli/main.js');

/** What `model-serving` says to these arguments, in the working directory. */
export function runCli(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    env: process.env,
  });
  return { code: status, stdout, stderr };
}
