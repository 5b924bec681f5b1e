// Bundles the code of the container: one file for each kind of thread, one that the main thread loads at the first gRPC
// connection, one for models that accept pictures, and one for the health check. Also bundles programs that are not
// part of images: they load and run a model, run golden examples, measure a model, and compare a model with its
// rebatched copy.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { serverSbom } from './inference-image/sbom.mjs';

const OUT = 'dist/inference-image';
const ENTRIES = {
  server: 'entries/server.ts',
  executor: 'entries/executor.ts',
  codec: 'entries/codec.ts',
  'grpc-libraries': 'grpc/libraries.ts',
  'picture-decoder/decoder': 'entries/picture-decoder.ts',
  healthcheck: 'entries/healthcheck.ts',
  // These programs are not part of images; synth and the command line use them.
  'golden-program': 'tools/golden-program.ts',
  'profile-program': 'tools/profile-program.ts',
  'load-program': 'tools/load-program.ts',
  'rebatch-program': 'tools/rebatch-program.ts',
};

/** Files that the decoder loads from its own folder. */
const WASM_FILES = [
  '@jsquash/png/codec/pkg/squoosh_png_bg.wasm',
  '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
  '@jsquash/resize/lib/resize/pkg/squoosh_resize_bg.wasm',
];

// Staged build contexts contain links to these files, so a bundle is deleted first instead of being overwritten.
for (const name of Object.keys(ENTRIES)) rmSync(join(OUT, `${name}.cjs`), { force: true });

/**
 * Bundles the runtime's JavaScript, but not its native files. The image contains those of its platform, in a folder
 * with the package's name, where Node finds them.
 */
const nativeBinding = {
  name: 'native-binding',
  setup({ onLoad }) {
    onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace('require(`../bin/', 'require(`onnxruntime-node/bin/'),
    }));
  },
};

/** Compiles protocol files, so that the bundle does not contain protobufjs's parser. */
const protocolFiles = {
  name: 'protocol-files',
  setup({ onLoad }) {
    onLoad({ filter: /\.proto$/ }, ({ path }) => {
      const { root } = protobuf.parse(readFileSync(path, 'utf8'), { keepCase: true });
      return { contents: JSON.stringify(root), loader: 'json' };
    });
  },
};

/**
 * Combines the page, its style and its script into one document, with a policy that allows only these, by their hashes.
 */
const pageDocument = {
  name: 'page-document',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]page[\\/]index\.html$/ }, async ({ path }) => {
      const [script, style] = await Promise.all(['main.ts', 'page.css'].map((name) => minified(dirname(path), name)));
      const html = readFileSync(path, 'utf8')
        .replace(/^ +/gm, '')
        .replace('<link rel="stylesheet" href="page.css" />', () => `<style>${style}</style>`)
        .replace('<script src="main.ts"></script>', () => `<script>${script}</script>`);
      const contentSecurityPolicy = [
        "default-src 'none'",
        `script-src '${sha256(script)}'`,
        `style-src '${sha256(style)}'`,
        // Allows the page's empty icon; without that icon, browsers would request one.
        'img-src data:',
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ].join('; ');
      const contents = `export const html = ${JSON.stringify(html)}, contentSecurityPolicy = ${JSON.stringify(contentSecurityPolicy)};`;
      return { contents, loader: 'js' };
    });
  },
};

async function minified(folder, name) {
  const { outputFiles } = await build({
    entryPoints: [join(folder, name)],
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0].text.trim();
}

function sha256(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The server loads these libraries from their own bundle, and only when needed. */
const separateLibraries = {
  name: 'separate-libraries',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/libraries$/ }, () => ({ path: './grpc-libraries.cjs', external: true }));
  },
};

const { metafile } = await build({
  entryPoints: Object.entries(ENTRIES).map(([out, file]) => ({ in: `inference-image/src/${file}`, out })),
  outdir: OUT,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  plugins: [nativeBinding, protocolFiles, pageDocument, separateLibraries],
  external: [
    // These packages would be half of the bundle, but the server never loads them, because its routes have no JSON
    // schemas (http/app.ts).
    '@fastify/ajv-compiler',
    '@fastify/fast-json-stringify-compiler',
  ],
  // A smaller file starts faster. Identifiers are kept, so that stack traces stay readable.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  // This warning is about the place where the picture libraries look for their WebAssembly files. It does not matter,
  // because the server passes the compiled files to the libraries.
  logOverride: { 'empty-import-meta': 'silent' },
});

for (const file of WASM_FILES) {
  const copy = join(OUT, 'picture-decoder', basename(file));
  rmSync(copy, { force: true });
  copyFileSync(join('node_modules', file), copy);
}

// Most images contain no picture decoder, so its notices and its bill of materials are separate files.
const DECODER = `${OUT}/picture-decoder/decoder.cjs`;
const others = Object.keys(metafile.outputs).filter((output) => output !== DECODER);
writeNotices('THIRD_PARTY_NOTICES.txt', others);
writeNotices(
  'picture-decoder/THIRD_PARTY_NOTICES.txt',
  [DECODER],
  readFileSync('inference-image/wasm-notices.txt', 'utf8'),
);

/** Bundles that every image contains. */
const IMAGE_BUNDLES = ['server', 'executor', 'codec', 'grpc-libraries', 'healthcheck'].map(
  (name) => `${OUT}/${name}.cjs`,
);
writeSbom('sbom.cdx.json', IMAGE_BUNDLES);
writeSbom('picture-decoder/sbom.cdx.json', [DECODER]);

/** @param more Notices of parts that no package in node_modules contains */
function writeNotices(file, outputs, more = '') {
  const inputs = outputs.flatMap((output) => Object.keys(metafile.outputs[output].inputs));
  const packages = new Set(inputs.flatMap(packageOf));
  writeFileSync(join(OUT, file), [...[...packages].sort().map(notice), more].join('\n'));
}

function writeSbom(file, outputs) {
  const bundled = outputs
    .flatMap((output) => Object.entries(metafile.outputs[output].inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([input]) => folderOf(input));
  writeFileSync(join(OUT, file), serverSbom([...new Set(bundled)].sort()));
}

function packageOf(input) {
  const match = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  return match ? [match[1]] : [];
}

function folderOf(input) {
  const match = /.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input);
  return match ? [match[0]] : [];
}

function notice(name) {
  const folder = join('node_modules', name);
  const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // Packages that contain WebAssembly have the licences of the compiled libraries in subfolders.
  const texts = readdirSync(folder, { recursive: true }).filter((file) =>
    /^(licen[cs]e|notice)|^(codec|lib[\\/]resize)[\\/]licen[cs]e/i.test(file),
  );
  const body = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`=== ${name} ${version} (${license})`, ...body, ''].join('\n');
}
