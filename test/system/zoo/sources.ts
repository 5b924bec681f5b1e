import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import type { Group, Options } from './options';
import { modelsIn, type PreparedModel, type Skipped } from './prepared-model';

const SCRIPTS = join(__dirname, 'models');
const CACHE = join(ROOT, 'node_modules/.cache/zoo');

/** Number of models to prepare. */
export type Extent = Pick<Options, 'all' | 'sample'>;

interface Source {
  readonly script: string;
  /**
   * Name of the environment variable with the Python interpreters that run the script one after another, separated by
   * colons.
   */
  readonly python: string;
  readonly missing: string;
  readonly args: (options: Extent) => string[];
}

const SOURCES: Record<Group, Source> = {
  packages: {
    script: 'packages.py',
    python: 'ZOO_PYTHON',
    missing: 'test/system/zoo/run was not used',
    args: ({ all }) => [join(CACHE, 'wheels'), ...(all ? [] : ['--ci'])],
  },
  torch: {
    script: 'torch_exports.py',
    python: 'TORCH_PYTHON',
    missing: 'python3 has no torch: set TORCH_PYTHON or TORCH=install',
    args: () => [],
  },
  learners: {
    script: 'learners.py',
    python: 'LEARNERS_PYTHON',
    missing: 'test/system/zoo/run was not used',
    args: ({ all }) => (all ? ['--all'] : []),
  },
  tensorflow: {
    script: 'tensorflow_exports.py',
    python: 'TENSORFLOW_PYTHON',
    missing: 'TensorFlow is large: set TENSORFLOW=install',
    args: () => [],
  },
  backend: {
    script: 'backend.py',
    python: 'ZOO_PYTHON',
    missing: 'test/system/zoo/run was not used',
    args: ({ sample }) => (sample === undefined ? [] : ['--sample', String(sample)]),
  },
};

/**
 * Models of a group, with requests and correct answers. Prepares them if they are missing or their scripts have
 * changed.
 */
export function prepared(group: Group, extent: Extent): (PreparedModel | Skipped)[] {
  const { script, python, missing, args } = SOURCES[group];
  const programs = process.env[python]?.split(':');
  if (!programs) return [{ name: group, group, source: script, skipped: missing }];
  const folder = join(CACHE, extent.all ? 'all' : 'ci', group);
  const stamp = join(folder, '..', `${group}.txt`);
  const version = scriptsVersion(script, programs, args(extent));
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== version) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const program of programs) python3(program, [script, folder, ...args(extent)]);
    python3(process.env.ZOO_PYTHON!, ['prepare.py', folder]);
    writeFileSync(stamp, version);
  }
  return modelsIn(folder, group);
}

/** Hash of the scripts that prepare a group: the scripts common to all groups and the group's own script. */
function scriptsVersion(script: string, programs: readonly string[], args: readonly string[]): string {
  const others = Object.values(SOURCES).map((source) => source.script);
  const hash = createHash('sha256').update([...programs, ...args].join());
  for (const name of readdirSync(SCRIPTS).sort()) {
    const isShared = /\.(py|json)$/.test(name) && !others.includes(name);
    if (isShared || name === script) hash.update(readFileSync(join(SCRIPTS, name)));
  }
  return hash.digest('hex');
}

/** Runs a script, and suppresses the output of exporters. */
function python3(program: string, [script, ...args]: string[]): void {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore' };
  const { status, stderr } = spawnSync(program, [join(SCRIPTS, script!), ...args], { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script} exited with ${status}: ${stderr.slice(-2000)}`);
}
