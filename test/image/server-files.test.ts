import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type * as ServerFiles from '../../lib/image/server-files';

const NATIVE = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin/napi-v6/linux/x64');
const PLANTED = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'].map((name) =>
  join(NATIVE, name),
);

afterEach(() => PLANTED.forEach((file) => rmSync(file, { force: true })));

/** Read anew: a process looks at its installation once. */
function filesNow(): unknown {
  let files: unknown;
  jest.isolateModules(() => {
    const { serverFiles } = jest.requireActual<typeof ServerFiles>('../../lib/image/server-files');
    files = serverFiles('linux/amd64');
  });
  return files;
}

test('D2 CUDA files beside the binding neither ship nor change a hash', () => {
  const before = filesNow();
  PLANTED.forEach((file) => writeFileSync(file, 'CUDA'));
  expect(filesNow()).toEqual(before);
  expect(JSON.stringify(before)).not.toContain('cuda');
});
