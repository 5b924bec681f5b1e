import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../support/root';
import { profileCommand } from '../../../lib/cli/profile';
import { fileSha256 } from '../../../lib/base/file-hash';
import type { ModelProfile } from '../../../lib/profile/model-profile';
import { CLI } from '../../support/cli';
import { initializer, node, value, writeOnnxModel } from '../../support/onnx-builder';
import { runCli } from '../../support/run-cli';
import { multiplier } from '../../support/models';
import { temporaryFolder } from '../../support/temporary-folder';

const folder = temporaryFolder();
// --force is needed, because other tests run at the same time and keep the machine busy.
const QUICK = ['--seconds', '0.01', '--max-batch', '4', '--threads', '1,2', '--force'];

function run(...args: string[]) {
  return spawnSync(process.execPath, [CLI, 'profile', ...args], { cwd: ROOT, encoding: 'utf8', env: process.env });
}

test('model-serving profile writes a profile and its chart beside the model', () => {
  const file = multiplier(folder, 'double', 2);
  const { status, stdout, stderr } = run(file, ...QUICK);
  const [profileFile, picture] = [join(folder, 'double.profile.json'), join(folder, 'double.profile.svg')];
  expect(stderr.replace(/, about \d+ s left$/gm, '').split('\n')).toEqual([
    'loading the model',
    ...[1, 2, 3].flatMap((round) => [`round ${round} of 3, 1 thread`, `round ${round} of 3, 2 threads`]),
    'starting the server',
    'warming up the server',
    'load test of the server',
    'measuring the memory of an executor',
    `Wrote ${profileFile} and ${picture}. Commit them beside the model.`,
    '',
  ]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^1 thread\n {4}batch 1 {2}█/m);
  expect(readFileSync(picture, 'utf8')).toContain('>Profile of double</text>');
  expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('serve-'))).toEqual([]);

  const profile = JSON.parse(readFileSync(profileFile, 'utf8')) as ModelProfile;
  const number = expect.any(Number);
  const runs = [1, 2].flatMap((threads) => [1, 2, 4].map((batchSize) => ({ threads, batchSize })));
  expect(profile).toEqual({
    profileVersion: 1,
    sha256: fileSha256(file).sha256,
    runtimeVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    measuredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    machine: {
      cpu: expect.any(String),
      cpus: number,
      cpuSpeed: number,
      memoryMiB: number,
      platform: `${process.platform}/${process.arch}`,
      node: process.version,
      otherLoad: number,
    },
    dimensions: {},
    runs: expect.arrayContaining(
      [runs[0], runs[3]].map((first) => ({ ...first, p50Seconds: number, p90Seconds: number, rowsPerSecond: number })),
    ),
    served: {
      threads: 1,
      maxBatchSize: number,
      rowsPerRun: number,
      clients: 64,
      cpuSecondsPerRequest: number,
      loopSecondsPerRequest: number,
      requestsPerSecond: number,
      p50Seconds: number,
      p99Seconds: number,
    },
    start: { loadSeconds: number, warmUpSeconds: number, readySeconds: number },
    memory: { readyMiB: number, peakMiB: number, executorMiB: number },
  });
  // These are all figures except the load of other processes, which may be 0.
  const figures = [profile.machine.memoryMiB, profile.runs, profile.served, profile.start, profile.memory];
  const numbers = JSON.stringify(figures)
    .match(/(?<=[:[])[\d.e-]+/g)!
    .map(Number);
  expect(Math.min(...numbers)).toBeGreaterThan(0);
  for (const { threads, batchSize, p50Seconds, p90Seconds } of profile.runs) {
    expect(runs).toContainEqual({ threads, batchSize });
    expect(p90Seconds).toBeGreaterThanOrEqual(p50Seconds);
  }
  const { served, memory } = profile;
  expect(served.loopSecondsPerRequest).toBeLessThanOrEqual(served.cpuSecondsPerRequest);
  expect(served.p99Seconds).toBeGreaterThanOrEqual(served.p50Seconds);
  expect(memory.peakMiB).toBeGreaterThanOrEqual(memory.readyMiB);
});

test('keeps the measured sizes if another size cannot be measured, and names that size', () => {
  const file = writeOnnxModel(join(folder, 'grouped.onnx'), {
    inputs: [value('x', 'float', ['batch', 'width'])],
    outputs: [value('y', 'float', ['batch', 'groups', 7])],
    nodes: [node('Reshape', ['x', 'shape'], ['y'])],
    initializers: [initializer('shape', 'int64', [3], BigInt64Array.of(0n, -1n, 7n))],
  });
  const { status, stderr } = run(file, '--seconds', '0.01', '--max-batch', '1', '--threads', '1', '--force', '--at', 'width=3,7'); // prettier-ignore
  expect(stderr).toMatch(
    new RegExp(
      `^--at width=3: ${file}: the model does not run on generated inputs: .* \\[trial-inputs-refused\\]$`,
      'ms',
    ),
  );
  expect(status).toBe(1);
  const profile = JSON.parse(readFileSync(join(folder, 'grouped.profile.json'), 'utf8')) as ModelProfile;
  expect(profile.dimensions).toEqual({ width: 7 });
});

test('the printed memory includes that of a picture', () => {
  const file = multiplier(folder, 'pictures', 2);
  const preprocessing = join(folder, 'preprocessing.json');
  writeFileSync(preprocessing, '{ "picture": { "color": "gray", "width": 2, "height": 1 } }');
  const { status, stdout } = run(file, ...QUICK, '--preprocessing', preprocessing);
  expect(status).toBe(0);
  const memory = (text: string) => Number(/^replica .*, (\d+) MiB$/m.exec(text)![1]);
  const added = memory(stdout) - memory(runCli('inspect', file).stdout);
  // A picture takes 24 bytes for each of 4096 x 4096 pixels. Requests of 16 MiB instead of 1 MiB need a larger budget,
  // which takes 40 MiB more memory. The printed memory is a multiple of 16 MiB.
  expect(added).toBeGreaterThanOrEqual(384 + 32);
  expect(added).toBeLessThanOrEqual(384 + 48);
});

test.each([
  ['SIGINT', 'round 1 of 3', 130],
  ['SIGTERM', 'load test of the server', 143],
] as const)('%s during "%s" leaves no files', async (signal, moment, exitCode) => {
  const file = multiplier(folder, signal, 2);
  const child = spawn(process.execPath, [CLI, 'profile', file, ...QUICK], { cwd: ROOT, env: process.env });
  const ended = once(child, 'exit');
  child.stdout.resume();
  createInterface(child.stderr).on('line', (line) => line.startsWith(moment) && child.kill(signal));
  expect(await ended).toEqual([exitCode, null]);
  expect(existsSync(join(folder, `${signal}.profile.json`))).toBe(false);
  expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('serve-'))).toEqual([]);
});

test.each([
  ['--threads', '1,0', 'Use a whole number from 1 to 256.'],
  ['--max-batch', '1e9', 'Use a whole number from 1 to 65536.'],
  [
    '--dimension',
    'width',
    'Use a name and a whole number, such as sequence=128, or input:1=128 if the dimension has no name.',
  ],
  ['--at', 'width=1,x', 'Use a name and whole numbers, such as sequence=32,128,512.'],
  ['--seconds', '0', 'Use a number of seconds above 0 and at most 60.'],
])('%s %s is refused', (option, text, message) => {
  const command = profileCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  expect(() => command.parse(['m.onnx', option, text], { from: 'user' })).toThrow(message);
});

describe('in a container', () => {
  /** Folder of a fake `docker` that prints its arguments and runs the command on this machine. */
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  const ours = (arguments_: string) => arguments_.replaceAll(folder, 'FOLDER');

  function runWith(docker: string, ...args: string[]) {
    writeFileSync(join(programs, 'docker'), docker, { mode: 0o755 });
    const env = { ...process.env, PATH: `${programs}:${process.env.PATH}` };
    return spawnSync(process.execPath, [CLI, 'profile', ...args], { cwd: folder, encoding: 'utf8', env });
  }

  test('the same command runs with the limits, and writes the same files', () => {
    const asked = join(folder, 'asked');
    const docker = `#!/bin/sh
printf '%s\\n' "$@" > ${asked}
while [ "$1" != node:24-bookworm-slim ]; do shift; done
shift 2
exec ${process.execPath} "$@"
`;
    const file = multiplier(folder, 'contained', 2);
    const out = join('elsewhere', 'm.profile.json');
    const limits = ['--in', 'docker', '--cpus', '1.5', '--memory-mib', '512'];
    const { status, stderr } = runWith(docker, 'contained.onnx', ...QUICK, ...limits, '--out', out, '--name', 'm');
    expect(stderr).toContain(`Wrote ${join(folder, out)} and `);
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, out), 'utf8'))).toMatchObject({ sha256: fileSha256(file).sha256 });
    const [run, ...args] = ours(readFileSync(asked, 'utf8')).trim().split('\n');
    expect(run).toBe('run');
    expect(args).toEqual(
      expect.arrayContaining([
        '--network=none',
        '--cpus=1.5',
        '--memory=512m',
        '--memory-swap=512m',
        `--mount=type=bind,source=${ROOT},target=${ROOT},readonly`,
        '--mount=type=bind,source=FOLDER,target=FOLDER,readonly',
        '--mount=type=bind,source=FOLDER/elsewhere,target=FOLDER/elsewhere',
      ]),
    );
    const command = args.slice(args.indexOf('profile'));
    expect(command).toEqual(
      expect.arrayContaining([
        'FOLDER/contained.onnx',
        '--max-batch=4',
        '--threads=1,2',
        '--seconds=0.01',
        '--force',
        '--name=m',
        '--out=FOLDER/elsewhere/m.profile.json',
      ]),
    );
    expect(command.join(' ')).not.toMatch(/--in|--cpus|--memory-mib/);
  });

  test('a model that is a link, in a folder of any name', () => {
    const asked = join(folder, 'asked');
    const place = join(folder, 'a:b, "c"');
    for (const name of ['blobs', 'a:b, "c"']) mkdirSync(join(folder, name));
    symlinkSync(multiplier(join(folder, 'blobs'), 'blob', 2), join(place, 'm.onnx'));
    runWith(
      `#!/bin/sh\nprintf '%s\\n' "$@" > ${asked}\n`,
      join(place, 'm.onnx'),
      '--in',
      'docker',
      '--out',
      'out.json',
    );
    expect(ours(readFileSync(asked, 'utf8')).split('\n')).toEqual(
      expect.arrayContaining([
        '--mount=type=bind,source=FOLDER/blobs,target=FOLDER/blobs,readonly',
        '--mount=type=bind,"source=FOLDER/a:b, ""c""","target=FOLDER/a:b, ""c""",readonly',
      ]),
    );
  });

  test('a missing model is an error, and no folder is created for it', () => {
    const { status, stderr } = runWith('#!/bin/sh\nexit 0\n', join('nowhere', 'm.onnx'), '--in', 'docker');
    expect(status).toBe(1);
    expect(stderr).toContain('[file-not-found]');
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });

  test('an engine that cannot run a container is an error, and a command that fails in one keeps its exit code', () => {
    const file = multiplier(folder, 'engineless', 2);
    const { status, stderr } = runWith('#!/bin/sh\nexit 125\n', file, '--in', 'docker');
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^--in docker: docker could not run a container of node:24-bookworm-slim\. .*\[docker-unavailable\]$/m,
    );
    expect(runWith('#!/bin/sh\nexit 3\n', file, '--in', 'docker').status).toBe(3);
  });
});
