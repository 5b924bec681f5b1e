import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { planOf, type Plan } from '../../support/container/plan';
import type { Configuration } from './configurations';
import { modelOf } from './models';

const CLI = join(ROOT, 'dist/lib/cli/main.js');
const DIGITS = join(ROOT, 'examples/digits/digits.onnx');

/** Plan that `terraform apply` would run for a configuration. */
export function configurationPlan({ model: name, isProfiled, maxRequestBytes }: Configuration): Plan {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-profile-'));
  try {
    return planOf(modelOf(name, isProfiled ? measuredProfile(folder) : false), { maxRequestBytes });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function measuredProfile(folder: string): string {
  const file = join(folder, 'digits.profile.json');
  const args = ['profile', DIGITS, '--force', '--out', file];
  execFileSync(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  return file;
}
