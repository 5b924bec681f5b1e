import fs, { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as ServerFiles from '../../lib/base/server-files';

const NATIVE = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin/napi-v6/linux/x64');
const PLANTED = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'].map((name) =>
  join(NATIVE, name),
);

afterEach(() => PLANTED.forEach((file) => rmSync(file, { force: true })));

/**
 * Reads the server's files as they are now. Loads the module again, because it inspects the installation only once per
 * process.
 */
function filesNow(): unknown {
  let files: unknown;
  jest.isolateModules(() => {
    const { serverFiles } = jest.requireActual<typeof ServerFiles>('../../lib/base/server-files');
    files = serverFiles('linux/amd64', {});
  });
  return files;
}

test('D2 CUDA files beside the binding neither ship nor change a hash', () => {
  const before = filesNow();
  PLANTED.forEach((file) => writeFileSync(file, 'CUDA'));
  expect(filesNow()).toEqual(before);
  expect(JSON.stringify(before)).not.toContain('cuda');
});

test('the runtime must be the version that the server is built for', () => {
  const { readFileSync } = jest.requireActual<typeof fs>('node:fs');
  const manifest = require.resolve('onnxruntime-node/package.json');
  const spy = jest.spyOn(fs, 'readFileSync').mockImplementation((...args) => {
    return args[0] === manifest ? JSON.stringify({ version: '9.9.9' }) : readFileSync(...args);
  });
  expect(filesNow).toThrow(
    /onnxruntime-node contains onnxruntime-node 9\.9\.9, but this package's server is built for [\d.]+\. Remove the override of that version and install again\. \[runtime-version-wrong\]$/,
  );
  spy.mockRestore();
});
