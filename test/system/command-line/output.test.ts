import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import childProcess from 'node:child_process';
import { CLI } from '../../support/cli';
import { multiplier } from '../../support/models';
import { externalInitializer, identity, node, value, writeOnnxModel } from '../../support/onnx-builder';
import { runCli } from '../../support/run-cli';
import { temporaryFolder } from '../../support/temporary-folder';

const root = temporaryFolder();
const folder = join(root, 'work');
const home = process.cwd();
const spawn = jest.spyOn(childProcess, 'spawnSync');

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'taken'), { recursive: true });
  process.chdir(folder);
  multiplier('.', 'm', 2);
  spawn.mockClear();
});
afterAll(() => process.chdir(home));

/** Commands that write a file, with the option that sets the file's path, and the extension of the path. */
const COMMANDS: readonly [name: string, args: string[], option: string, end: string][] = [
  ['client', ['client', 'm.onnx'], '--out', '.ts'],
  ['openapi', ['openapi', 'm.onnx'], '--out', '.json'],
  ['sbom', ['sbom', 'm.onnx'], '--out', '.json'],
  ['golden record', ['golden', 'record', 'm.onnx', '--force', '--random', '1'], '--out', '.json'],
  ['profile', ['profile', 'm.onnx'], '--out', '.json'],
  ['profile, its picture', ['profile', 'm.onnx'], '--picture', '.svg'],
  ['interface accept', ['interface', 'accept', 'm.onnx', '--breaking'], '--interface', '.json'],
  ['rebatch', ['rebatch', 'm.onnx', '--force'], '--out', '.onnx'],
];

/** All entries of the folder, with the contents of the files. */
function contents(): object {
  return Object.fromEntries(
    readdirSync('.', { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, entry.isFile() ? readFileSync(path, 'latin1') : 'no file'];
    }),
  );
}

describe.each(COMMANDS)('model-serving %s', (_, args, option, end) => {
  /** Runs the command, and checks that it fails before it starts its work and that it changes nothing. */
  function refusal(path: string): string {
    const before = contents();
    // profile is asynchronous, so it runs in a separate process, and the test waits for the process to exit.
    const { code, stdout, stderr } =
      args[0] === 'profile' ? spawnCli([...args, option, path]) : runCli(...args, option, path);
    expect({ code, stdout, contents: contents() }).toEqual({ code: 1, stdout: '', contents: before });
    if (args[0] !== 'profile') expect(spawn).not.toHaveBeenCalled();
    return stderr;
  }

  /** Expected message for a path. For golden examples, the command first checks that the extension is .json. */
  const saidOf = (path: string, message: string) =>
    args[0] === 'golden' && !path.endsWith('.json')
      ? `error: option '--out <file>' argument '${path}' is invalid. Use a file that ends in .json.\n`
      : message;

  test('refuses a folder', () => {
    mkdirSync(`folder${end}`);
    expect(refusal(`folder${end}`)).toBe(
      `${option} folder${end} is a folder. Use the path of a file. [out-not-a-file]\n`,
    );
    expect(refusal('none/')).toBe(
      saidOf('none/', `${option} none/ is a folder. Use the path of a file. [out-not-a-file]\n`),
    );
  });

  test('refuses an empty path', () => {
    const message = `${option} is empty; a shell variable may be unset. Set it to a path. [out-empty]\n`;
    expect(refusal('')).toBe(saidOf('', message));
  });

  test('refuses a path below a file', () => {
    expect(refusal(`m.onnx/below/a${end}`)).toBe(
      `${option} m.onnx/below/a${end} cannot be written: ${join(folder, 'm.onnx')} is not a folder. Use a file in a folder that you can write to. [out-unwritable]\n`,
    );
  });

  test('refuses a device', () => {
    const { ino } = lstatSync('/dev/stdout');
    const message = `${option} /dev/stdout is a device or a pipe. Use the path of a file. [out-not-a-file]\n`;
    expect(refusal('/dev/stdout')).toBe(saidOf('/dev/stdout', message));
    expect(lstatSync('/dev/stdout').ino).toBe(ino);
  });

  test('refuses a file that it reads', () => {
    const file = `given${end}`;
    writeFileSync(file, JSON.stringify({ classes: ['a'] }));
    const before = contents();
    const all = [...args, '--preprocessing', file, option, file];
    const { stderr } = args[0] === 'profile' ? spawnCli(all) : runCli(...all);
    expect(stderr).toBe(`${option} ${file} is a file that the command reads. Use a different path. [out-is-input]\n`);
    expect(contents()).toEqual(before);
  });
});

const LINKABLE = COMMANDS.filter(([name]) => name !== 'rebatch');

test.each(LINKABLE)('model-serving %s refuses a link to the model', (_, args, option, end) => {
  symlinkSync('m.onnx', `link${end}`);
  const before = contents();
  const all = [...args, option, `link${end}`];
  const { code, stderr } = args[0] === 'profile' ? spawnCli(all) : runCli(...all);
  expect([code, stderr]).toEqual([
    1,
    `${option} link${end} is the same file as m.onnx. Use a different path. [out-is-input]\n`,
  ]);
  expect(contents()).toEqual(before);
});

test('model-serving rebatch has its own error for a link to the model', () => {
  writeOnnxModel('one.onnx', identity('float', [1, 2]));
  symlinkSync('one.onnx', 'link.onnx');
  const before = contents();
  const { code, stderr } = runCli('rebatch', 'one.onnx', '--force', '--out', 'link.onnx');
  expect([code, stderr]).toEqual([1, expect.stringContaining('[rebatch-onto-itself]')]);
  expect(contents()).toEqual(before);
});

/** Files in the format of each command that were written by a different tool or by a person. */
const OF_OTHERS: readonly [command: string, content: string][] = [
  ['client', 'Generate it with `model-serving client m.onnx --out client.ts`.\n'],
  ['client', '// Generated by another tool. Do not edit.\nexport class Client {}\n'],
  ['openapi', '{\n  "openapi": "3.1.1",\n  "info": { "title": "Shop", "version": "1" },\n  "paths": {}\n}\n'],
  ['openapi', 'openapi: 3.0.3\ninfo: { title: Shop, version: "1" }\n'],
  [
    'sbom',
    '{\n  "bomFormat": "CycloneDX",\n  "specVersion": "1.6",\n  "metadata": {\n    "component": { "name": "app" }\n',
  ],
  ['sbom', '{"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "cdktf-model-serving"}]}\n'],
  ...['client', 'openapi', 'sbom'].map((command) => [command, '# Read me\n'] as [string, string]),
];

test.each(OF_OTHERS)('model-serving %s does not overwrite %j', (command, content) => {
  writeFileSync('file', content);
  expect(runCli(command, 'm.onnx', '--out', 'file')).toEqual({
    code: 1,
    stdout: '',
    stderr:
      '--out file is a file that this command did not write. Use a different path, or remove the file. [out-not-own]\n',
  });
  expect(readFileSync('file', 'utf8')).toBe(content);
});

test.each(['client', 'openapi', 'sbom'])('model-serving %s overwrites its own file and an empty one', (command) => {
  // A card of the maximum length.
  const long = { title: `"${'t'.repeat(3990)}"`, description: '"\n'.repeat(1990) };
  writeFileSync('card.json', JSON.stringify(long));
  const card = command === 'client' ? [] : ['--card', 'card.json'];
  const write = () => runCli(command, 'm.onnx', ...card, '--out', 'new/file');
  expect(write()).toMatchObject({ code: 0, stderr: '' });
  expect(write()).toMatchObject({ code: 0, stderr: '' });
  writeFileSync('new/file', readFileSync('new/file', 'utf8').replaceAll('\n', '\r\n'));
  expect(write()).toMatchObject({ code: 0, stderr: '' });
  writeFileSync('new/file', '');
  expect(write().code).toBe(0);
});

test('model-serving profile overwrites no chart except its own', () => {
  const logo = '<svg xmlns="http://www.w3.org/2000/svg"><title>Our logo</title></svg>\n';
  writeFileSync('logo.svg', logo);
  expect(spawnCli(['profile', 'm.onnx', '--picture', 'logo.svg'])).toEqual({
    code: 1,
    stdout: '',
    stderr:
      '--picture logo.svg is a file that this command did not write. Use a different path, or remove the file. [out-not-own]\n',
  });
  expect(readFileSync('logo.svg', 'utf8')).toBe(logo);
});

test('no command overwrites the weights of a model', () => {
  const initializers = [externalInitializer('w', 'float', [1], 'w.json')];
  const [inputs, outputs] = [[value('x', 'float', ['n'])], [value('y', 'float', ['n'])]];
  writeOnnxModel('e.onnx', { inputs, outputs, initializers, nodes: [node('Mul', ['x', 'w'], ['y'])] });
  const weights = Buffer.from(Float32Array.of(2).buffer);
  writeFileSync('w.json', weights);
  for (const command of ['client', 'openapi', 'sbom']) {
    expect(runCli(command, 'e.onnx', '--out', 'w.json').stderr).toContain('[out-not-own]');
  }
  expect(readFileSync('w.json')).toEqual(weights);
});

describe('model-serving context', () => {
  const context = (out: string) => runCli('context', 'm.onnx', '--out', out);

  test.each(['taken', 'm.onnx', 'none'])('reports that the folder is a link, to %s', (target) => {
    symlinkSync(target, 'out');
    const before = contents();
    expect(context('out').stderr).toBe(
      'out is a symbolic link. Use a new or empty folder: a build context must not contain other files. [context-folder-link]\n',
    );
    expect(contents()).toEqual(before);
    expect(spawn).not.toHaveBeenCalled();
  });

  test.each(['a folder with a file', 'a file', 'the folder of the model'])('refuses %s', (what) => {
    const out = { 'a file': 'm.onnx', 'the folder of the model': '.' }[what] ?? 'out';
    if (what === 'a folder with a file') {
      mkdirSync('out');
      writeFileSync('out/file', '');
    }
    const before = contents();
    expect(context(out).stderr).toBe(
      `${out} is a file or a folder that is not empty. Use a new or empty folder: a build context must not contain other files. [context-folder-not-empty]\n`,
    );
    expect(contents()).toEqual(before);
    expect(spawn).not.toHaveBeenCalled();
  });

  test('refuses an empty path', () => {
    mkdirSync('own');
    writeFileSync('Dockerfile', 'mine');
    const before = contents();
    expect(context('').stderr).toBe('--out is empty; a shell variable may be unset. Set it to a path. [out-empty]\n');
    expect(contents()).toEqual(before);
  });

  test('refuses a path below a file', () => {
    expect(context('m.onnx/out').stderr).toBe(
      `--out m.onnx/out cannot be written: ${join(folder, 'm.onnx')} is not a folder. Use a file in a folder that you can write to. [out-unwritable]\n`,
    );
  });
});

/** Options that run a process as a different user instead of root, because root can write everywhere. */
const other = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** Runs the command as a process. Terminates the process if it unexpectedly starts to serve. */
function spawnCli(
  args: readonly string[],
  options: object = {},
): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = childProcess.spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
    ...options,
  });
  return { code: status, stdout, stderr };
}

describe('without permission', () => {
  const cache = join(root, 'of-another');
  const env = { ...process.env, CDKTF_MODEL_SERVING_CACHE_DIR: cache };

  beforeEach(() => {
    mkdirSync(cache, { recursive: true });
    chmodSync(root, 0o755);
    chmodSync(folder, 0o777);
    chmodSync('m.onnx', 0o444);
    chmodSync('taken', 0o555);
  });

  test.each(COMMANDS)('model-serving %s says so in one line', (_, args, option, end) => {
    const { code, stdout, stderr } = spawnCli([...args, option, `taken/a${end}`], { ...other, env });
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: `${option} taken/a${end} cannot be written: EACCES: permission denied, access '${join(folder, 'taken')}'. Use a file in a folder that you can write to. [out-unwritable]\n`,
    });
  });

  test('an existing file that cannot be written is reported in the same way', () => {
    writeFileSync('a.json', '');
    chmodSync('a.json', 0o444);
    expect(spawnCli(['sbom', 'm.onnx', '--out', 'a.json'], { ...other, env }).stderr).toBe(
      "--out a.json cannot be written: EACCES: permission denied, access 'a.json'. Use a file in a folder that you can write to. [out-unwritable]\n",
    );
  });

  test('to write to the cache, commands work, and those that need a folder there name the setting', () => {
    chmodSync(cache, 0o555);
    expect(spawnCli(['check', 'm.onnx'], { ...other, env })).toMatchObject({ code: 0, stderr: '' });
    expect(spawnCli(['serve', 'm.onnx'], { ...other, env })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^Cannot write to the cache folder \S+of-another: EACCES: permission denied, mkdtemp '\S+'\. Set CDKTF_MODEL_SERVING_CACHE_DIR to a folder that this user can write to\. \[cache-folder-unwritable\]\n$/,
      ),
    });
  });
});

test('without a home folder, commands work, and those that need a folder there name the setting', () => {
  const unset = { CDKTF_MODEL_SERVING_CACHE_DIR: undefined, XDG_CACHE_HOME: undefined };
  const options = { env: { ...process.env, ...unset, HOME: '' } };
  expect(spawnCli(['check', 'm.onnx'], options)).toMatchObject({ code: 0, stderr: '' });
  expect(spawnCli(['serve', 'm.onnx'], options)).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'No cache folder: this user has no home folder. Set CDKTF_MODEL_SERVING_CACHE_DIR to a folder that this user can write to. [cache-folder-missing]\n',
  });
  expect(existsSync('.cache')).toBe(false);
});

const procTest = process.platform === 'linux' ? test : test.skip;

procTest('a home folder in which no folder can be created is reported in the same way', () => {
  const unset = { CDKTF_MODEL_SERVING_CACHE_DIR: undefined, XDG_CACHE_HOME: undefined };
  const options = { env: { ...process.env, ...unset, HOME: '/proc' } };
  expect(spawnCli(['check', 'm.onnx'], options)).toMatchObject({ code: 0, stderr: '' });
  expect(spawnCli(['serve', 'm.onnx'], options)).toEqual({
    code: 1,
    stdout: '',
    stderr:
      "Cannot write to the cache folder /proc/.cache/cdktf-model-serving: ENOENT: no such file or directory, mkdir '/proc/.cache'. Set CDKTF_MODEL_SERVING_CACHE_DIR to a folder that this user can write to. [cache-folder-unwritable]\n",
  });
});

test.each(['serve', 'profile'])('%s checks the cache folder before it reads the model', (command) => {
  const env = { ...process.env, CDKTF_MODEL_SERVING_CACHE_DIR: join(process.cwd(), 'm.onnx') };
  expect(spawnCli([command, 'no-such.onnx'], { env }).stderr).toMatch(/^[^\n]*\[cache-folder-unwritable\]\n$/);
});
