import fs from 'node:fs';
import { join } from 'node:path';
import { loadGraph } from '../../lib/model/weights';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { identity, onnxModel, writeOnnxModel } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';
import { problemsOf } from '../model/support';

const folder = temporaryFolder();
const path = join(folder, 'm.onnx');
const valid = identity('float', ['n', 4]);

function problemsOfFile(content: Uint8Array | string): string[] {
  fs.writeFileSync(path, content);
  return problemsOf(() => OnnxModel.fromFile(path, { runtimeCheck: 'skip' }));
}

test('a missing file is reported', () => {
  expect(problemsOf(() => OnnxModel.fromFile('no/such.onnx'))).toEqual([
    `file-not-found: no/such.onnx: no such file. Relative paths are resolved against the working directory, ${process.cwd()}.`,
  ]);
});

test('a name that no file can have is reported', () => {
  expect(problemsOf(() => OnnxModel.fromFile('no\0/such.onnx'))).toEqual([
    expect.stringMatching(/^file-not-found: no\0\/such\.onnx: no such file\. /),
  ]);
});

test('a folder is reported', () => {
  const subfolder = join(folder, 'folder.onnx');
  fs.mkdirSync(subfolder);
  expect(problemsOf(() => OnnxModel.fromFile(subfolder))).toEqual([
    `not-a-file: ${subfolder}: this is a folder or a device, not a regular file. Pass the path of a file.`,
  ]);
});

test('an empty file is reported', () => {
  expect(problemsOfFile('')).toEqual([`file-empty: ${path}: the file is empty. Export or download it again.`]);
});

test('a Git LFS pointer is reported', () => {
  expect(problemsOfFile('version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n')).toEqual([
    `git-lfs-pointer: ${path}: this is a Git LFS pointer, not the file itself. Run "git lfs pull".`,
  ]);
});

test('an unreadable file is reported', () => {
  writeOnnxModel(path, valid);
  const denied = Object.assign(new Error('permission denied'), { code: 'EACCES', syscall: 'stat' });
  jest.spyOn(fs, 'statSync').mockImplementationOnce(() => {
    throw denied;
  });
  expect(problemsOf(() => OnnxModel.fromFile(path))).toEqual([
    `file-unreadable: ${path}: cannot read the file: EACCES. Check its permissions.`,
  ]);
});

test("a file beyond protobuf's limit is reported", () => {
  const file = { path: 'model.onnx', sourcePath: path, sha256: '', sizeBytes: 2 ** 31 };
  expect(problemsOf(() => loadGraph('m.onnx', file))).toEqual([
    'model-too-large: m.onnx: the file is 2147483648 bytes long, but a protobuf message can be at most 2147483647 bytes long. Store the weights in a separate file: onnx.save_model(model, path, save_as_external_data=True).',
  ]);
});

test.each([
  ['text', 'Hello, world', 'wire type 4 before byte 3 is not used by ONNX'],
  ['HTML', '<!DOCTYPE html>', 'wire type 4 before byte 1 is not used by ONNX'],
  ['truncated', onnxModel(valid).subarray(0, 60), 'the field of 81 bytes at byte 29 extends beyond its message'],
  ['zeros', Buffer.alloc(100), 'no valid field starts at byte 0'],
  ['ones', Buffer.alloc(100, 0xff), 'a number at byte 0 has more than 64 bits'],
  ['protobuf without a graph', Buffer.from([0x08, 0x08]), 'it has no graph'],
  ['a graph without an IR version', onnxModel({ ...valid, irVersion: 0 }), 'it has no IR version'],
  ['a truncated number', Buffer.from([0x08, 0x80]), 'the file ends at byte 2, in the middle of a field'],
])('a file that is not an ONNX model is reported: %s', (_, content, reason) => {
  expect(problemsOfFile(content)).toEqual([
    `not-onnx: ${path}: this is not a complete ONNX model: ${reason}. Check that it is the right file and that it was copied or downloaded completely.`,
  ]);
});

test('a file that is nested too deeply is reported', () => {
  let bytes = Buffer.alloc(0);
  const wrap = (fieldNumber: number) => {
    const length = [(bytes.length & 0x7f) | 0x80, (bytes.length >> 7) | 0x80, bytes.length >> 14];
    bytes = Buffer.concat([Buffer.from([fieldNumber * 8 + 2, ...length]), bytes]);
  };
  for (let depth = 0; depth < 200; depth++) [6, 5, 1].forEach(wrap);
  wrap(7);
  expect(problemsOfFile(bytes)).toEqual([
    expect.stringContaining('this is not a complete ONNX model: messages are nested more than 100 levels deep.'),
  ]);
});
