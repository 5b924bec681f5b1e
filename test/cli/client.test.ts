import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/root';
import { runCli } from '../support/run-cli';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

const DIGITS = join(ROOT, 'examples/digits/digits.onnx');

/** Part of a client's source that depends on the model, without the path of this repository. */
function modelPart(source: string): string {
  return source.slice(0, source.indexOf('\n};\n') + 4).replace(/\S*\/examples/, 'examples');
}

test('writes the same client of the digits each time', () => {
  const write = () => runCli('client', DIGITS, '--runtime-check', 'skip', '--out', 'src/digits-client.ts');
  expect(write()).toEqual({
    code: 0,
    stdout: 'src/digits-client.ts: client for "digits", version "1".\n',
    stderr: '',
  });
  const source = readFileSync('src/digits-client.ts', 'utf8');
  expect(source).not.toMatch(/^import /m);
  expect(source).not.toContain('\r');
  expect(modelPart(source)).toMatchSnapshot();
  write();
  expect(readFileSync('src/digits-client.ts', 'utf8')).toBe(source);
});

test('writes a client for the pictures and classes that a file declares', () => {
  const declared = { picture: { color: 'rgb' }, classes: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] };
  writeFileSync('digits.preprocessing.json', JSON.stringify(declared));
  const { code, stdout, stderr } = runCli('client', DIGITS, '--preprocessing', 'digits.preprocessing.json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(' --preprocessing digits.preprocessing.json\n/* eslint-disable */');
  const own = stdout.slice(
    stdout.indexOf('/** Names of the classes. */'),
    stdout.indexOf('/** Types of the elements in an answer'),
  );
  expect(own.trim()).toMatchSnapshot();
});

test('prints a client for a different name and version, with the command that generates it again', () => {
  multiplier('.', 'my model', 2);
  const { code, stdout, stderr } = runCli('client', 'my model.onnx', '--name', '3d-unet.v2', '--model-version', '4');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(
    stdout
      .replace(/[0-9a-f]{64}/, 'SHA256')
      .split('\n')
      .slice(0, 5),
  ).toEqual([
    '// Client of the model 3d-unet.v2, version 4',
    '// sha256 SHA256',
    '//',
    '// Generated: do not edit. To update it, run:',
    "//   model-serving client 'my model.onnx' --name 3d-unet.v2 --model-version 4",
  ]);
  expect(stdout).toContain('export class Model3dUnetV2Client {');
});

test('reports an invalid model', () => {
  expect(runCli('client', 'none.onnx')).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('[file-not-found]'),
  });
  writeFileSync('wrong.json', '{ "classes": ["one"] }');
  expect(runCli('client', DIGITS, '--preprocessing', 'wrong.json')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('[classes-count-wrong]'),
  });
});
