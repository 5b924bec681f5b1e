import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { problemsOf } from '../model/support';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { runCli } from '../support/run-cli';
import { temporaryFolder } from '../support/temporary-folder';

const root = temporaryFolder();
const folder = join(root, 'work');
const home = process.cwd();
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  process.chdir(folder);
  writeOnnxModel('m.onnx', identity('float', ['n', 4]));
});
afterAll(() => process.chdir(home));

const read = (props: object = {}) => OnnxModel.fromFile('m.onnx', { runtimeCheck: 'skip', ...props } as OnnxModelProps);
const skip = ['--runtime-check', 'skip'];

describe('a prop by its old name', () => {
  test('is an error that names the new one, together with all other problems', () => {
    expect(problemsOf(() => read({ image: { color: 'gray' }, contract: false, version: '?' }))).toEqual([
      'old-name: m.onnx: the prop image is now called picture. Rename it; its value does not change.',
      'old-name: m.onnx: the prop contract is now called interface. Rename it; its value does not change.',
      expect.stringMatching(/^model-version-invalid: /),
    ]);
  });

  test('is not an error if it is undefined', () => {
    expect(read({ image: undefined, contract: undefined }).name).toBe('m');
  });
});

test('the key image in a file for --preprocessing is read with a warning, but not together with the new one', () => {
  const image = { color: 'gray', width: 2, height: 2 };
  writeFileSync('old.json', JSON.stringify({ image }));
  writeFileSync('new.json', JSON.stringify({ picture: image }));
  writeFileSync('both.json', JSON.stringify({ image, picture: image }));
  const inspected = (file: string) => runCli('inspect', 'm.onnx', '--json', '--preprocessing', file, ...skip);
  const [old, renamed] = ['old.json', 'new.json'].map(inspected);
  expect(JSON.parse(old!.stdout).picture).toMatchObject(image);
  expect(old).toEqual({
    ...renamed,
    stderr: 'warning: old.json: the key image is now called picture. Rename it; its value does not change.\n',
  });
  expect(runCli('check', 'm.onnx', '--preprocessing', 'both.json', ...skip).stderr).toBe(
    'both.json: this file is not a valid preprocessing declaration: it has both picture and its old name, image. See the example in docs/preprocessing.md. [preprocessing-invalid]\n',
  );
});

/** Accepted interface as the former command `model-serving contract accept` wrote it. */
const OLD_FILE = 'm.contract.json';
const writeOldFile = (edit: object = {}) => {
  const { inputs, outputs } = read({ interface: false }).signature;
  writeFileSync(OLD_FILE, JSON.stringify({ contractVersion: 1, name: 'm', version: '1', inputs, outputs, ...edit }));
};

describe('an accepted interface in a file of the old name', () => {
  const RENAME = `m.contract.json: the file of a model's interface is now called MODEL.interface.json. Rename it: git mv m.contract.json m.interface.json`;

  test('is read, with the command that renames it', () => {
    writeOldFile();
    expect(read().warnings).toEqual([RENAME]);
    expect(runCli('interface', 'diff', 'm.onnx', ...skip)).toEqual({
      code: 0,
      stdout: 'm.contract.json: no differences.\n',
      stderr: `warning: ${RENAME}\n`,
    });
    const { stdout, stderr } = runCli('check', 'm.onnx', ...skip);
    expect([stdout, stderr]).toEqual([
      expect.stringContaining('interface: m.contract.json, no breaking changes\n'),
      `warning: ${RENAME}\n`,
    ]);
  });

  test('protects clients', () => {
    writeOldFile();
    writeOnnxModel('m.onnx', identity('float', [1, 4]));
    expect(problemsOf(read)).toEqual([
      expect.stringMatching(/^interface-broken: m\.onnx: compared with m\.contract\.json /),
    ]);
  });

  test('protects clients under its new name too', () => {
    writeOldFile();
    renameSync(OLD_FILE, 'm.interface.json');
    expect(read().warnings).toEqual([]);
    expect(runCli('interface', 'accept', 'm.onnx', ...skip).code).toBe(0);
    expect(JSON.parse(readFileSync('m.interface.json', 'utf8'))).toMatchObject({ interfaceVersion: 1 });
  });

  test('is read without a warning if a prop names it', () => {
    writeOldFile();
    expect(read({ interface: OLD_FILE }).warnings).toEqual([]);
    expect(read({ interface: false }).warnings).toEqual([]);
  });

  test('must be renamed before a new interface is accepted', () => {
    writeOldFile();
    const before = readFileSync(OLD_FILE, 'utf8');
    expect(runCli('interface', 'accept', 'm.onnx', ...skip)).toEqual({
      code: 1,
      stdout: '',
      stderr: `${RENAME} [old-name]\n`,
    });
    expect(readFileSync(OLD_FILE, 'utf8')).toBe(before);
  });

  test('is an error if a file with the new name exists too', () => {
    expect(runCli('interface', 'accept', 'm.onnx', ...skip).code).toBe(0);
    writeOldFile();
    const said =
      'm.contract.json: this is the old name of m.interface.json, and both files exist. Keep one: git rm m.contract.json, or git mv -f m.contract.json m.interface.json';
    expect(problemsOf(read)).toEqual([`interface-file-twice: ${said}`]);
    for (const command of ['accept', 'diff']) {
      expect(runCli('interface', command, 'm.onnx', ...skip).stderr).toBe(`${said} [interface-file-twice]\n`);
    }
  });

  test('protects clients that send pictures', () => {
    writeOldFile({ image: { maxPixels: 100 } });
    const picture = { color: 'gray', width: 2, height: 2 };
    expect(read({ picture: { ...picture, maxPixels: 100 } }).warnings).toEqual([RENAME]);
    expect(problemsOf(() => read({ picture: { ...picture, maxPixels: 99 } }))).toEqual([
      expect.stringContaining('the maximum size of a picture changes from 100 to 99 pixels'),
    ]);
  });

  test('is refused if it has a different version', () => {
    writeOldFile({ contractVersion: 2 });
    expect(problemsOf(read)).toContainEqual(
      expect.stringMatching(/^interface-invalid: m\.contract\.json: interfaceVersion: /),
    );
  });
});

describe('a command by its old name', () => {
  test.each([
    [
      ['contract', 'accept', 'a model.onnx', '--contract', 'x.json'],
      "interface accept 'a model.onnx' --interface x.json",
    ],
    [['contract', 'diff', 'm.onnx', '--contract=x.json'], 'interface diff m.onnx --interface=x.json'],
    [['contract', '--help'], 'interface --help'],
    [['contract'], 'interface'],
  ])('%j fails with an error that names the new one', (args, command) => {
    const stderr = `model-serving contract is now called model-serving interface. Run: model-serving ${command} [old-name]\n`;
    expect(runCli(...args)).toEqual({ code: 1, stdout: '', stderr });
  });

  test('is not in the help', () => {
    expect(runCli('--help').stdout).not.toContain('contract');
    expect(runCli('check', '--help').stdout).not.toContain('contract');
  });
});

test.each([
  ['--contract', '--interface', ['check', 'm.onnx', '--contract', 'x.json']],
  ['--no-contract', '--no-interface', ['inspect', 'm.onnx', '--no-contract']],
  ['--contract', '--interface', ['interface', 'accept', 'm.onnx', '--contract=x.json']],
])('the option %s fails with an error that names %s', (option, name, args) => {
  const stderr = `The option ${option} is now called ${name}. Use ${name}. [old-name]\n`;
  expect(runCli(...args)).toEqual({ code: 1, stdout: '', stderr });
});
