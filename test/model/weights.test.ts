import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { externalInitializer, node, value, writeOnnxModel, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from './support';

const root = temporaryFolder();
const folder = join(root, 'models');
const path = join(folder, 'm.onnx');
const weights = join(folder, 'w', 'weights.bin');

/** Model that computes y = x + w, where w is in a separate file. */
function model(location: string, where: { offset?: number; length?: number } = {}): ModelParts {
  return {
    inputs: [value('x', 'float', ['n', 4])],
    outputs: [value('y', 'float', ['n', 4])],
    nodes: [node('Add', ['x', 'w'], ['y'])],
    initializers: [externalInitializer('w', 'float', [4], location, where)],
  };
}

function read(parts: ModelParts, runtimeCheck: 'require' | 'skip' = 'skip'): OnnxModel {
  writeOnnxModel(path, parts);
  return OnnxModel.fromFile(path, { runtimeCheck });
}

function problems(parts: ModelParts): string[] {
  return problemsOf(() => read(parts));
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'w'), { recursive: true });
  writeFileSync(weights, new Float32Array([1, 2, 3, 4]));
});

test('M5 external data is part of the model, and loads from any working directory', () => {
  const { files, sizeBytes, ...found } = read(model('w/weights.bin', { offset: 0, length: 16 }), 'require');
  expect(files.map((file) => [file.path, file.sourcePath, file.sha256])).toEqual([
    ['model.onnx', path, sha256(path)],
    ['w/weights.bin', weights, sha256(weights)],
  ]);
  expect(sizeBytes).toBe(readFileSync(path).length + 16);
  expect(found.sha256).toBe(
    createHash('sha256')
      .update(`${sha256(path)}  model.onnx\n${sha256(weights)}  w/weights.bin\n`)
      .digest('hex'),
  );
});

test('M5 one changed byte makes a different model', () => {
  const before = read(model('w/weights.bin')).sha256;
  writeFileSync(weights, new Float32Array([1, 2, 3, 5]));
  expect(read(model('w/weights.bin')).sha256).not.toBe(before);
});

test('a file that several tensors share is listed once', () => {
  const parts = model('w/weights.bin', { length: 16 });
  const initializers = [
    ...(parts.initializers ?? []),
    externalInitializer('v', 'float', [2], './w/weights.bin', { offset: 8 }),
  ];
  expect(read({ ...parts, initializers }).files.map((file) => file.path)).toEqual(['model.onnx', 'w/weights.bin']);
});

test('external data is found in the tensor of a node, and in a branch', () => {
  const tensor = externalInitializer('', 'float', [4], 'w/weights.bin');
  const constant = node('Constant', [], ['c'], { attributes: { value: { tensor } } });
  const branch = { graph: { node: [constant] } };
  const conditional = node('If', ['b'], ['d'], { attributes: { then_branch: branch } });
  for (const extra of [constant, conditional]) {
    const found = read({ ...model(''), initializers: [], nodes: [extra] });
    expect(found.files.map((file) => file.path)).toEqual(['model.onnx', 'w/weights.bin']);
  }
});

test('M5 a name that no file can have is reported as a missing file', () => {
  const location = 'w/no\0ne.bin';
  expect(problems(model(location))).toEqual([
    `external-data-missing: ${path}: tensor "w" is stored in "${location}", but ${join(folder, location)} does not exist. Copy the file there.`,
  ]);
});

test('M5 a missing file of external data is reported', () => {
  expect(problems(model('w/none.bin'))).toEqual([
    `external-data-missing: ${path}: tensor "w" is stored in "w/none.bin", but ${join(folder, 'w', 'none.bin')} does not exist. Copy the file there.`,
  ]);
});

test('a folder in place of external data is reported', () => {
  expect(problems(model('w'))).toEqual([expect.stringContaining(`not-a-file: ${join(folder, 'w')}:`)]);
});

test('M5 a truncated file of external data is reported', () => {
  truncateSync(weights, 12);
  expect(problems(model('w/weights.bin'))).toEqual([
    `external-data-truncated: ${path}: tensor "w" ends at byte 16 of "w/weights.bin", but the file has only 12 bytes. The file is truncated; export or download it again.`,
  ]);
});

test('external data that starts beyond the end of its file is reported', () => {
  expect(problems(model('w/weights.bin', { offset: 4 }))).toEqual([
    expect.stringContaining('tensor "w" ends at byte 20 of "w/weights.bin", but the file has only 16 bytes.'),
  ]);
});

test('external data whose length does not match its shape is reported', () => {
  expect(problems(model('w/weights.bin', { length: 12 }))).toEqual([
    `external-data-length-wrong: ${path}: tensor "w" has a length of 12 bytes, but its type and shape require 16. The model is damaged; export it again.`,
  ]);
});

test.each([
  '../w.bin',
  'w/../../w.bin',
  'w/..',
  '..',
  '/etc/passwd',
  'C:\\w.bin',
  'C:w.bin',
  'w\\weights.bin',
  '',
  '.',
  'w/',
])('external data is never read from %j', (location) => {
  expect(problems(model(location))).toEqual([
    `external-data-location-invalid: ${path}: tensor "w" is stored in "${location}", which is not a path inside the model's folder. Save the model again with a relative location that uses forward slashes and contains no "..".`,
  ]);
});

test.each([
  ['model.onnx', 'model.onnx'],
  ['./model.json', 'model.json'],
  ['golden.json', 'golden.json'],
  ['model.onnx/w.bin', 'model.onnx'],
])('external data cannot be in %j, which images reserve', (location, reserved) => {
  expect(problems(model(location))).toEqual([
    `external-data-location-reserved: ${path}: tensor "w" is stored in "${location}", but the image reserves ${reserved} for its own files. Save the model again with another location, such as "weights.bin".`,
  ]);
});

describe('external data behind a symbolic link', () => {
  test('out of the folder is rejected', () => {
    const secret = join(root, 'secret.bin');
    writeFileSync(secret, new Float32Array(4));
    symlinkSync(secret, join(folder, 'link.bin'));
    expect(problems(model('link.bin'))).toEqual([
      `external-data-outside: ${path}: tensor "w" is stored in "link.bin", but ${join(folder, 'link.bin')} is a link to ${secret}, outside the model's folder. Replace the link with the file itself.`,
    ]);
  });

  test('out of the folder by a parent folder is rejected', () => {
    mkdirSync(join(root, 'elsewhere'), { recursive: true });
    writeFileSync(join(root, 'elsewhere', 'weights.bin'), new Float32Array(4));
    symlinkSync(join(root, 'elsewhere'), join(folder, 'sub'));
    expect(problems(model('sub/weights.bin'))).toEqual([
      `external-data-outside: ${path}: tensor "w" is stored in "sub/weights.bin", but ${join(folder, 'sub')} is a link to ${join(root, 'elsewhere')}, outside the model's folder. Replace the link with the file itself.`,
    ]);
  });

  test('within the folder is accepted', () => {
    symlinkSync(weights, join(folder, 'link.bin'));
    expect(problems(model('link.bin'))).toEqual([]);
  });

  test('beside the model itself is accepted, as in the Hugging Face cache', () => {
    const blobs = join(folder, 'blobs');
    const snapshot = join(folder, 'snapshot');
    mkdirSync(blobs);
    mkdirSync(snapshot);
    writeOnnxModel(join(blobs, '1f'), model('m.onnx_data'));
    writeFileSync(join(blobs, '2e'), new Float32Array(4));
    symlinkSync(join('..', 'blobs', '1f'), join(snapshot, 'm.onnx'));
    symlinkSync(join('..', 'blobs', '2e'), join(snapshot, 'm.onnx_data'));
    expect(OnnxModel.fromFile(join(snapshot, 'm.onnx')).files.map((file) => file.path)).toEqual([
      'model.onnx',
      'm.onnx_data',
    ]);
  });
});
