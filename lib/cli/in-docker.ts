import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { ModelServingError, type Problem } from '../base/errors';
import { DEFAULT_BASE_IMAGE, DEFAULT_NODE_PATH } from '../container-image/dockerfile';
import { makeFolder } from '../base/write-file';
import { fileErrors, isThere } from '../base/source-file';
import { packageRoot } from '../base/package-root';

/** Resource limits of a container. If a limit is not set, the container can use all of the engine's CPUs or memory. */
export interface ContainerLimits {
  readonly cpus?: number;
  readonly memoryMiB?: number;
}

/** Paths, as the user gave them, of the files that a command reads and writes. */
export interface CommandFiles {
  readonly read: readonly string[];
  readonly written: readonly string[];
}

/** Exit codes with which `docker run` reports that it could not start a container. */
const ENGINE_FAILED = [125, 127];

/**
 * Runs a command of this program in a container of the default base image. The engine must be able to mount this
 * machine's files. The package, its dependencies and the files' folders have the same paths in the container as on this
 * machine.
 *
 * @param args - arguments of the command, with absolute paths
 * @returns the command's exit code
 * @throws ModelServingError `docker-unavailable`, `file-not-found`
 */
export async function runInDocker(
  args: readonly string[],
  files: CommandFiles,
  limits: ContainerLimits,
  signal: AbortSignal,
): Promise<number> {
  // Reports missing files now. The mount of a missing folder would fail with the misleading error `docker-unavailable`.
  ModelServingError.throwIfAny(files.read.filter((file) => !isThere(file)).map(fileErrors.fileNotFound));
  // The cache folder is on this machine. In the container, it would use the container's limited memory.
  const cache = mkdtempSync(join(realpathSync(tmpdir()), 'model-serving-'));
  try {
    const child = spawn('docker', dockerArguments(args, files, limits, cache), {
      stdio: 'inherit',
      // A terminal's Ctrl-C must reach only this process, which forwards it.
      detached: process.platform !== 'win32',
    });
    signal.addEventListener('abort', () => child.kill(signal.reason as NodeJS.Signals));
    const code = await new Promise<number>((done) => {
      child.on('error', () => done(127)).on('exit', (exitCode) => done(exitCode ?? 1));
    });
    signal.throwIfAborted();
    if (ENGINE_FAILED.includes(code)) throw new ModelServingError([dockerErrors.unavailable()]);
    return code;
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

function dockerArguments(
  args: readonly string[],
  { read, written }: CommandFiles,
  { cpus, memoryMiB }: ContainerLimits,
  cache: string,
): string[] {
  const writable = new Set([cache, ...written.map(folderOf)]);
  for (const folder of writable) makeFolder(folder);
  // A file can be a symbolic link, as in the Hugging Face cache. The folder of its target is mounted too.
  const behindLinks = read.map((file) => dirname(realpathSync(file)));
  const readable = new Set([packageRoot, ...moduleFolders(), ...read.map(folderOf), ...behindLinks]);
  const user = process.getuid && process.getgid ? [`--user=${process.getuid()}:${process.getgid()}`] : [];
  return [
    'run',
    '--rm',
    '--init',
    '--network=none',
    ...user,
    ...(cpus === undefined ? [] : [`--cpus=${cpus}`]),
    ...(memoryMiB === undefined ? [] : [`--memory=${memoryMiB}m`, `--memory-swap=${memoryMiB}m`]),
    ...[...readable].filter((folder) => !writable.has(folder)).map((folder) => mountOption(folder, ['readonly'])),
    ...[...writable].map((folder) => mountOption(folder)),
    `--env=CDKTF_MODEL_SERVING_CACHE_DIR=${cache}`,
    DEFAULT_BASE_IMAGE,
    DEFAULT_NODE_PATH,
    join(packageRoot, 'dist', 'lib', 'cli', 'main.js'),
    ...args,
  ];
}

/** Formats the option `--mount`. Its value is CSV, so paths with commas or quotation marks are quoted. */
function mountOption(folder: string, flags: readonly string[] = []): string {
  const fields = ['type=bind', `source=${folder}`, `target=${folder}`, ...flags];
  const quoted = fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field));
  return `--mount=${quoted.join(',')}`;
}

/** Folders that may contain this package's dependencies. */
function moduleFolders(): string[] {
  const parents: string[] = [];
  for (let folder = packageRoot; folder !== dirname(folder); folder = dirname(folder)) parents.push(folder);
  return parents.map((folder) => join(folder, 'node_modules')).filter((folder) => existsSync(folder));
}

function folderOf(file: string): string {
  return dirname(resolve(file));
}

const dockerErrors = {
  unavailable: (): Problem => ({
    code: 'docker-unavailable',
    message: `--in docker: docker could not run a container of ${DEFAULT_BASE_IMAGE}. Start an engine on this machine and check that "docker run --rm ${DEFAULT_BASE_IMAGE} true" works, or measure without --in.`,
  }),
};
