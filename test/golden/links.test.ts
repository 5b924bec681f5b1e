import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { BuildContext } from '../../lib/container-image/build-context';
import { problemsOf } from '../model/support';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { png } from '../support/png';
import { runCli } from '../support/run-cli';
import { temporaryFolder } from '../support/temporary-folder';

const root = temporaryFolder();
const outside = join(root, 'outside');
const secret = join(outside, 'secret.bin');
const home = process.cwd();

/** Bytes of two floats, because the model's tensors have two elements. */
const FLOATS = Buffer.from(Float32Array.of(1, 2).buffer);

beforeEach(() => {
  rmSync(join(root, 'models'), { recursive: true, force: true });
  rmSync(outside, { recursive: true, force: true });
  mkdirSync(join(root, 'models', 'm.golden'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(secret, FLOATS);
  process.chdir(join(root, 'models'));
  writeOnnxModel('m.onnx', identity('float', ['n', 2]));
});
afterAll(() => process.chdir(home));

const x = { name: 'x', datatype: 'FP32', shape: [1, 2] };
const y = { ...x, name: 'y', data: [1, 2] };

function golden(example: object): void {
  writeFileSync(
    'm.golden.json',
    JSON.stringify({ examples: [{ name: 'first', response: { outputs: [y] }, ...example }] }),
  );
}

/** Writes a golden example whose input has its elements in the given file. */
function goldenFile(file: string): void {
  golden({ request: { inputs: [{ ...x, file }] } });
}

function problems(props: OnnxModelProps = { golden: 'm.golden.json' }): string[] {
  return problemsOf(() => OnnxModel.fromFile('m.onnx', { runtimeCheck: 'skip', ...props }));
}

function refusal(link: string, target: string): string {
  return `golden-file-outside: m.golden.json: ${link} is a link to ${target}, which is outside the folder of m.golden.json. Replace the link with the file.`;
}

describe('a golden example is refused if its', () => {
  test('file of elements is a link out of the folder', () => {
    symlinkSync(secret, 'm.golden/x.bin');
    goldenFile('m.golden/x.bin');
    expect(problems()).toEqual([refusal('m.golden/x.bin', secret)]);
    const { code, stdout, stderr } = runCli('check', 'm.onnx');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `m.golden.json: m.golden/x.bin is a link to ${secret}, which is outside the folder of m.golden.json. Replace the link with the file. [golden-file-outside]\n`,
    );
  });

  test('folder is a link', () => {
    symlinkSync(outside, 'linked');
    goldenFile('linked/secret.bin');
    expect(problems()).toEqual([refusal('linked', outside)]);
  });

  test('file is a link into another folder whose name begins like that of its own', () => {
    const other = join(root, 'models-of-others');
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, 'x.bin'), FLOATS);
    symlinkSync(join(other, 'x.bin'), 'm.golden/x.bin');
    goldenFile('m.golden/x.bin');
    expect(problems()).toEqual([refusal('m.golden/x.bin', join(other, 'x.bin'))]);
  });

  test('file is a link to a link', () => {
    symlinkSync(secret, 'm.golden/second.bin');
    symlinkSync('second.bin', 'm.golden/first.bin');
    goldenFile('m.golden/first.bin');
    expect(problems()).toEqual([refusal('m.golden/first.bin', secret)]);
  });

  test('picture is a link out of the folder', () => {
    writeFileSync(join(outside, 'a.png'), png('gray', 2, [[1, 2]]));
    symlinkSync(join(outside, 'a.png'), 'm.golden/a.png');
    golden({ picture: 'm.golden/a.png' });
    const picture = { color: 'gray', width: 2, height: 1 } as const;
    expect(problems({ golden: 'm.golden.json', picture })).toEqual([refusal('m.golden/a.png', join(outside, 'a.png'))]);
  });

  test('files are links, and each is reported', () => {
    for (const name of ['x', 'y']) symlinkSync(secret, `m.golden/${name}.bin`);
    const [input, output] = ['x', 'y'].map((name) => ({ ...x, name, file: `m.golden/${name}.bin` }));
    golden({ request: { inputs: [input] }, response: { outputs: [output] } });
    expect(problems()).toEqual(['x', 'y'].map((name) => refusal(`m.golden/${name}.bin`, secret)));
  });
});

test('a link that stays in the folder is accepted, and its content is staged', () => {
  writeFileSync('m.golden/real.bin', FLOATS);
  symlinkSync('real.bin', 'm.golden/x.bin');
  symlinkSync('m.golden', 'other');
  goldenFile('other/x.bin');
  expect(problems()).toEqual([]);
  const model = OnnxModel.fromFile('m.onnx', { golden: 'm.golden.json' });
  BuildContext.of({ model, platform: 'linux/amd64', nodePath: '/node' }).stage('context');
  expect(readFileSync('context/model/other/x.bin')).toEqual(FLOATS);
});

test('a link beside the golden file is accepted if both are links into one folder', () => {
  for (const name of ['m.golden.json', 'x.bin']) symlinkSync(join('blobs', name), name);
  mkdirSync('blobs');
  goldenFile('x.bin');
  writeFileSync('blobs/x.bin', FLOATS);
  expect(problems()).toEqual([]);
});

test('a dangling link is reported as a missing file', () => {
  symlinkSync(join(outside, 'none'), 'm.golden/x.bin');
  goldenFile('m.golden/x.bin');
  expect(problems()).toEqual([
    'golden-file-missing: m.golden.json: this file refers to "m.golden/x.bin", which does not exist. Paths are relative to the folder of m.golden.json.',
  ]);
});

describe('model-serving golden record', () => {
  const record = (...args: string[]) => runCli('golden', 'record', 'm.onnx', ...args);

  test('refuses a request that names a link out of its folder', () => {
    symlinkSync(secret, 'x.bin');
    writeFileSync('request.json', JSON.stringify({ inputs: [{ ...x, file: 'x.bin' }] }));
    expect(record('--inputs', 'request.json')).toEqual({
      code: 1,
      stdout: '',
      stderr: `request.json: x.bin is a link to ${secret}, which is outside the folder of request.json. Replace the link with the file. [golden-file-outside]\n`,
    });
    expect(existsSync('m.golden.json')).toBe(false);
  });

  test('copies a picture that is a link out of the folder', () => {
    const picture = png('gray', 2, [[1, 2]]);
    writeFileSync(join(outside, 'a.png'), picture);
    symlinkSync(join(outside, 'a.png'), 'a.png');
    writeFileSync('p.json', JSON.stringify({ picture: { color: 'gray', width: 2, height: 1 } }));
    expect(record('--preprocessing', 'p.json', '--inputs', 'a.png')).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(readFileSync('m.golden.json', 'utf8')).examples[0].picture).toBe('m.golden/a.png');
    expect(readFileSync('m.golden/a.png')).toEqual(picture);
  });

  test('does not write through links', () => {
    writeOnnxModel('m.onnx', identity('float16', ['n', 2]));
    symlinkSync(secret, 'm.golden/random_1.x.bin');
    expect(record('--random', '1')).toMatchObject({ code: 0, stderr: '' });
    rmSync('m.golden', { recursive: true });
    symlinkSync(outside, 'm.golden');
    expect(record('--random', '1', '--force').stderr).toBe(
      `m.golden.json: m.golden is a link to ${outside}, which is outside the folder of m.golden.json. Replace the link with the file. [golden-file-outside]\n`,
    );
    expect(readFileSync(secret)).toEqual(FLOATS);
  });
});

describe('a file of class names', () => {
  const classes = (file: string) => problems({ classes: file });

  function refused(file: string, link: string, target: string): string {
    return `classes-file-outside: m.onnx: classes is the file ${file}, but ${link} is a link to ${target}, outside its folder. Replace the link with the file itself.`;
  }

  beforeEach(() => writeFileSync(join(outside, 'names.txt'), 'cat\ndog\n'));

  test('is refused if it is a link out of the folder of the model', () => {
    symlinkSync(join(outside, 'names.txt'), 'names.txt');
    symlinkSync(outside, 'linked');
    expect(classes('names.txt')).toEqual([refused('names.txt', 'names.txt', join(outside, 'names.txt'))]);
    expect(classes('linked/names.txt')).toEqual([refused('linked/names.txt', 'linked', outside)]);
  });

  test('is refused if it is in another folder and a link out of that folder', () => {
    mkdirSync('../other');
    symlinkSync(join(outside, 'names.txt'), '../other/names.txt');
    expect(classes('../other/names.txt')).toEqual([
      refused('../other/names.txt', '../other/names.txt', join(outside, 'names.txt')),
    ]);
    expect(classes(join(outside, 'names.txt'))).toEqual([]);
  });

  test('is accepted if its link stays in the folder', () => {
    writeFileSync('real.txt', 'cat\ndog\n');
    symlinkSync('real.txt', 'names.txt');
    expect(classes('names.txt')).toEqual([]);
  });
});
