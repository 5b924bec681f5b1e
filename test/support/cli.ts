import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
/** By its path, since it is also called from other folders. */
const TSX = require.resolve('tsx');

/** What `model-serving` says to these arguments, in the working directory. */
export function runCli(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', TSX, join(ROOT, 'lib/cli/main.ts'), ...args],
    { encoding: 'utf8', env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') } },
  );
  return { code: status, stdout, stderr };
}
