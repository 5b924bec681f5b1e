import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { profileCommand } from '../../lib/cli/profile';
import { fileSha256 } from '../../lib/file-hash';
import type { ModelProfile } from '../../lib/profile/model-profile';
import { CLI } from '../support/cli';
import { runCli } from '../support/run-cli';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const root = join(__dirname, '..', '..');
const QUICK = ['--seconds', '0.01', '--max-batch', '4', '--threads', '1,2'];

function run(...args: string[]) {
  return spawnSync(process.execPath, [CLI, 'profile', ...args], { cwd: root, encoding: 'utf8', env: process.env });
}

test('model-serving profile writes a profile and its picture beside the model', () => {
  const file = multiplier(folder, 'double', 2);
  const { status, stdout, stderr } = run(file, ...QUICK);
  const [profileFile, picture] = [join(folder, 'double.profile.json'), join(folder, 'double.profile.svg')];
  expect(stderr.split('\n')).toEqual([
    ...[1, 2, 3].flatMap((round) => [`round ${round} of 3, 1 thread`, `round ${round} of 3, 2 threads`]),
    'the server starts',
    'the server warms up',
    'the server under load',
    'memory of an executor',
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
      memoryMiB: number,
      platform: `${process.platform}/${process.arch}`,
      node: process.version,
    },
    dimensions: {},
    runs: expect.arrayContaining(
      [runs[0], runs[3]].map((first) => ({ ...first, p50Seconds: number, p90Seconds: number, rowsPerSecond: number })),
    ),
    served: {
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

test('with pictures, the memory of one is in what is printed', () => {
  const file = multiplier(folder, 'pictures', 2);
  const preprocessing = join(folder, 'preprocessing.json');
  writeFileSync(preprocessing, '{ "image": { "color": "gray", "width": 2, "height": 1 } }');
  const { status, stdout } = run(file, ...QUICK, '--preprocessing', preprocessing);
  expect(status).toBe(0);
  const memory = (text: string) => Number(/^replica .*, (\d+) MiB$/m.exec(text)![1]);
  const added = memory(stdout) - memory(runCli('inspect', file).stdout);
  // 24 bytes for each of 4096 x 4096 pixels, and the budget of requests of 16 MiB in place of 1; rounded up to 16 MiB.
  expect(added).toBeGreaterThanOrEqual(384 + 32);
  expect(added).toBeLessThanOrEqual(384 + 48);
});

test.each([
  ['SIGINT', 'round 1 of 3', 130],
  ['SIGTERM', 'the server under load', 143],
] as const)('%s during "%s" leaves no files', async (signal, moment, exitCode) => {
  const file = multiplier(folder, signal, 2);
  const child = spawn(process.execPath, [CLI, 'profile', file, ...QUICK], { cwd: root, env: process.env });
  const ended = once(child, 'exit');
  child.stdout.resume();
  createInterface(child.stderr).on('line', (line) => line.startsWith(moment) && child.kill(signal));
  expect(await ended).toEqual([exitCode, null]);
  expect(existsSync(join(folder, `${signal}.profile.json`))).toBe(false);
  expect(readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('serve-'))).toEqual([]);
});

test.each([
  ['--threads', '1,0', 'Give a whole number from 1 to 256.'],
  ['--max-batch', '1e9', 'Give a whole number from 1 to 65536.'],
  ['--dimension', 'width', 'Give a name and a whole number, such as sequence=128.'],
  ['--seconds', '0', 'Give a number above 0, up to 60.'],
])('%s %s is refused', (option, text, message) => {
  const command = profileCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  expect(() => command.parse(['m.onnx', option, text], { from: 'user' })).toThrow(message);
});
