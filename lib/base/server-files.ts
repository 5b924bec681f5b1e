import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ModelServingError, type Problem } from './errors';
import { fileSha256 } from './file-hash';
import { packageRoot, readPackage } from './package-root';

/** A file of a build context: its path, hash and source. */
export interface ContextFile {
  /** Path relative to the context, with forward slashes. */
  readonly path: string;
  readonly sha256: string;
  /** A file on this machine, or the content itself. */
  readonly source: { readonly file: string } | { readonly content: string };
}

/** A context file whose bytes are in a file on this machine. */
export function fromFile(path: string, file: string): ContextFile {
  return { path, sha256: fileSha256(file).sha256, source: { file } };
}

/** A context file whose content is created at synth. */
export function fromContent(path: string, content: string): ContextFile {
  return { path, sha256: createHash('sha256').update(content).digest('hex'), source: { content } };
}

/** Platforms that an image can be built for. The runtime has Linux binaries for these platforms. */
export const IMAGE_PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;

/** @see https://github.com/opencontainers/image-spec/blob/main/image-index.md */
export type ImagePlatform = (typeof IMAGE_PLATFORMS)[number];

/**
 * Default platform, which most clusters have. It is the same on every machine, so that plans do not depend on the
 * machine.
 */
export const DEFAULT_PLATFORM: ImagePlatform = 'linux/amd64';

/** Folder of the picture decoder under app/, in images of models with a picture input. */
export const PICTURE_DECODER_FOLDER = 'picture-decoder';

const BUNDLES = [
  'server.cjs',
  'executor.cjs',
  'codec.cjs',
  'grpc-libraries.cjs',
  'healthcheck.cjs',
  'THIRD_PARTY_NOTICES.txt',
];

/** Additional files in the images of models with a picture input. */
const PICTURE_DECODER = [
  'decoder.cjs',
  'squoosh_png_bg.wasm',
  'mozjpeg_dec.wasm',
  'squoosh_resize_bg.wasm',
  'THIRD_PARTY_NOTICES.txt',
].map((name) => `${PICTURE_DECODER_FOLDER}/${name}`);

/**
 * Names of the runtime's native files. On linux x64, their folder may also contain CUDA libraries, which must not be
 * part of the image or change its hash.
 */
const NATIVE_FILES: Record<string, readonly string[]> = {
  'linux/x64': ['onnxruntime_binding.node', 'libonnxruntime.so.1'],
  'linux/arm64': ['onnxruntime_binding.node', 'libonnxruntime.so.1'],
  'darwin/arm64': ['onnxruntime_binding.node', 'libonnxruntime.1.dylib'],
  'win32/x64': ['onnxruntime_binding.node', 'onnxruntime.dll', 'DirectML.dll'],
  'win32/arm64': ['onnxruntime_binding.node', 'onnxruntime.dll', 'DirectML.dll'],
};

const NATIVE_FOLDER: Record<ImagePlatform, string> = { 'linux/amd64': 'linux/x64', 'linux/arm64': 'linux/arm64' };

const cache = new Map<string, readonly ContextFile[]>();

/** Properties of a model that the server's files depend on. */
interface ServedModel {
  readonly picture?: object;
}

/** Files of a model's image under app/: the bundled server and the runtime for the platform. */
export function serverFiles(platform: ImagePlatform, model: ServedModel): readonly ContextFile[] {
  return filesFor(NATIVE_FOLDER[platform], model);
}

/** Files of a server that runs as a process on this machine. */
export function localServerFiles(model: ServedModel): readonly ContextFile[] {
  return filesFor(`${process.platform}/${process.arch}`, model);
}

function filesFor(nativeFolder: string, { picture }: ServedModel): readonly ContextFile[] {
  const files = cached(nativeFolder, () => [...bundleFiles(BUNDLES), ...runtimeFiles(nativeFolder)]);
  return picture ? [...files, ...pictureDecoderFiles()] : files;
}

/** Files that convert a picture to a model's input, on this machine and in the image. */
export function pictureDecoderFiles(): readonly ContextFile[] {
  return cached('picture decoder', () => bundleFiles(PICTURE_DECODER));
}

function cached(key: string, find: () => readonly ContextFile[]): readonly ContextFile[] {
  const files = cache.get(key) ?? find();
  cache.set(key, files);
  return files;
}

function bundleFiles(names: readonly string[]): ContextFile[] {
  const folder = join(packageRoot, 'dist', 'inference-image');
  const missing = names.map((name) => join(folder, name)).find((file) => !existsSync(file));
  if (missing) throw new ModelServingError([bundleErrors.bundleMissing(missing)]);
  return names.map((name) => fromFile(`app/${name}`, join(folder, name)));
}

function runtimeFiles(nativeFolder: string): ContextFile[] {
  const names = NATIVE_FILES[nativeFolder];
  const node = dirname(require.resolve('onnxruntime-node/package.json'));
  const natives = (names ?? []).map((name) => `bin/napi-v6/${nativeFolder}/${name}`);
  if (!names || !natives.every((path) => existsSync(join(node, path)))) {
    throw new ModelServingError([bundleErrors.runtimeMissing(nativeFolder, node)]);
  }
  checkVersion(node);
  return natives.map((path) => fromFile(`app/node_modules/onnxruntime-node/${path}`, join(node, path)));
}

/** Checks that the native code has the same version as the JavaScript in the bundle. */
function checkVersion(node: string): void {
  const { version } = readPackage(node);
  const builtFor = readPackage(packageRoot).dependencies['onnxruntime-node'];
  if (version !== builtFor) throw new ModelServingError([bundleErrors.runtimeVersion(node, version, builtFor)]);
}

/** Problems with the files of this package and of the runtime. */
export const bundleErrors = {
  bundleMissing: (file: string): Problem => ({
    code: 'server-bundle-missing',
    message: `${file} is missing: this package was not built. Run "npm run build" in its folder, or install the published package.`,
  }),

  runtimeMissing: (nativeFolder: string, folder: string): Problem => ({
    code: 'runtime-missing',
    message: `${folder} contains no onnxruntime for ${nativeFolder}. Reinstall onnxruntime-node; it supports Linux and Windows on x64 and arm64, and macOS on arm64.`,
  }),

  runtimeVersion: (folder: string, version: string, builtFor?: string): Problem => ({
    code: 'runtime-version-wrong',
    message: `${folder} contains onnxruntime-node ${version}, but this package's server is built for ${builtFor}. Remove the override of that version and install again.`,
  }),
};
