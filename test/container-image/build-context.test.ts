import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { NODE_ARGUMENTS } from '../../inference-image/src/contract/node-process';
import { BuildContext } from '../../lib/container-image/build-context';
import { fromContent, type ImagePlatform } from '../../lib/base/server-files';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { externalInitializer, node, value, writeOnnxModel } from '../support/onnx-builder';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();

function contextOf(file: string, platform: ImagePlatform = 'linux/amd64'): BuildContext {
  return BuildContext.of({ model: OnnxModel.fromFile(file), platform, nodePath: '/usr/local/bin/node' });
}

describe('the hash of a context', () => {
  test('T2 ignores times and modes', () => {
    const file = multiplier(folder, 'touched', 2);
    const before = contextOf(file).hash;
    utimesSync(file, new Date(0), new Date(1_000_000));
    chmodSync(file, 0o600);
    expect(contextOf(file).hash).toBe(before);
  });

  test('ignores the folder and the name of the model file if the model has the same name', () => {
    const file = multiplier(folder, 'here', 2);
    mkdirSync(join(folder, 'elsewhere'));
    const copy = join(folder, 'elsewhere', 'there.onnx');
    copyFileSync(file, copy);
    const hashes = [file, copy].map(
      (path) =>
        BuildContext.of({ model: OnnxModel.fromFile(path, { name: 'm' }), platform: 'linux/amd64', nodePath: '/n' })
          .hash,
    );
    expect(hashes[0]).toBe(hashes[1]);
  });

  test('ignores the order in which files were found', () => {
    const files = [fromContent('a', '1'), fromContent('b', '2'), fromContent('c/d', '3')];
    expect(new BuildContext([...files].reverse()).hash).toBe(new BuildContext(files).hash);
  });

  test('M5 changes if one byte of an external weight changes', () => {
    mkdirSync(join(folder, 'w'));
    const weights = join(folder, 'w', 'weights.bin');
    writeFileSync(weights, new Uint8Array(8));
    const file = writeOnnxModel(join(folder, 'external.onnx'), {
      inputs: [value('x', 'float', ['n', 2])],
      outputs: [value('y', 'float', ['n', 2])],
      nodes: [node('Add', ['x', 'w'], ['y'])],
      initializers: [externalInitializer('w', 'float', [2], 'w/weights.bin')],
    });
    const before = contextOf(file).hash;
    writeFileSync(weights, Uint8Array.from([0, 0, 0, 1, 0, 0, 0, 0]));
    expect(contextOf(file).hash).not.toBe(before);
  });

  test('changes with a path, and with the platform', () => {
    expect(new BuildContext([fromContent('a', '1')]).hash).not.toBe(new BuildContext([fromContent('b', '1')]).hash);
    const file = multiplier(folder, 'platform', 2);
    expect(contextOf(file, 'linux/arm64').hash).not.toBe(contextOf(file).hash);
  });
});

describe('a staged context', () => {
  test("D2 D6 contains only the listed runtime files, for the image's platform", () => {
    for (const [platform, native] of [
      ['linux/amd64', 'linux/x64'],
      ['linux/arm64', 'linux/arm64'],
    ] as const) {
      const target = join(folder, native.replace('/', '-'));
      contextOf(multiplier(folder, 'native', 2), platform).stage(target);
      const files = readdirSync(join(target, 'app/node_modules/onnxruntime-node/bin'), {
        recursive: true,
        withFileTypes: true,
      })
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
        .sort();
      expect(files).toEqual(['libonnxruntime.so.1', 'onnxruntime_binding.node']);
      expect(readdirSync(join(target, 'app/node_modules/onnxruntime-node/bin/napi-v6', native)).sort()).toEqual(files);
    }
  });

  test('links the model instead of copying it, and does not change its mode and time', () => {
    const file = multiplier(folder, 'linked', 2);
    chmodSync(file, 0o600);
    utimesSync(file, new Date(5_000), new Date(5_000));
    contextOf(file).stage(join(folder, 'links'));
    const [source, staged] = [statSync(file), statSync(join(folder, 'links/model/model.onnx'))];
    expect(staged.ino === source.ino || hasReflinks()).toBe(true);
    expect([source.mode & 0o777, source.mtimeMs]).toEqual([0o600, 5_000]);
  });

  test('is not written to a folder that is not empty', () => {
    const target = join(folder, 'occupied');
    mkdirSync(target);
    writeFileSync(join(target, 'mine'), '');
    expect(() => contextOf(multiplier(folder, 'refused', 2)).stage(target)).toThrow(
      `${target} is a file or a folder that is not empty. Use a new or empty folder: a build context must not contain other files. [context-folder-not-empty]`,
    );
    expect(readdirSync(target)).toEqual(['mine']);
  });

  test('has a Dockerfile of COPY and metadata only, in exec form', () => {
    const target = join(folder, 'dockerfile');
    const model = OnnxModel.fromFile(multiplier(folder, 'labels', 2), { version: '3' });
    BuildContext.of({ model, platform: 'linux/amd64', nodePath: '/nodejs/bin/node' }).stage(target);
    const lines = readFileSync(join(target, 'Dockerfile'), 'utf8').split('\n');
    const instructions = lines.map((line) => line.split(' ')[0]).filter((word) => word && word !== '#');
    expect(new Set(instructions)).toEqual(
      new Set(['ARG', 'FROM', 'COPY', 'ENV', 'USER', 'EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT', 'LABEL']),
    );
    const entrypoint = ['/nodejs/bin/node', ...NODE_ARGUMENTS, '/app/server.cjs'].map((word) => `"${word}"`);
    expect(lines).toContain(`ENTRYPOINT [${entrypoint.join(', ')}]`);
    expect(lines).toContain('LABEL org.opencontainers.image.title="labels"');
    expect(lines).toContain('LABEL org.opencontainers.image.version="3"');
    expect(lines).toContain(`LABEL io.model-serving.model.sha256="${model.sha256}"`);
  });
});

/** Whether the file system supports reflinks. If it does, staging uses them. */
function hasReflinks(): boolean {
  const [source, target] = [join(folder, 'original'), join(folder, 'reflink')];
  writeFileSync(source, '');
  try {
    copyFileSync(source, target, constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}
