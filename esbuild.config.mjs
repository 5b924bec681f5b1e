// Bundles what runs in the container: one file for each kind of thread, one for what the main thread loads at the first
// gRPC connection, one for models that take pictures, and one for the health check. And what no image has: the
// processes that load a model and run it, run golden examples, measure a model, and compare it with one of free rows.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { serverSbom } from './inference-image/sbom.mjs';

const OUT = 'dist/inference-image';
const ENTRIES = {
  server: 'server.ts',
  executor: 'executor.ts',
  codec: 'codec.ts',
  'grpc-libraries': 'grpc/libraries.ts',
  'picture-decoder/decoder': 'picture-decoder.ts',
  healthcheck: 'healthcheck.ts',
  // Not for images: what a synth and the command line run.
  'golden-program': 'tools/golden-program.ts',
  'profile-program': 'tools/profile-program.ts',
  'load-program': 'tools/load-program.ts',
  'rebatch-program': 'tools/rebatch-program.ts',
};

/** What the decoder loads from files beside it. */
const WASM_FILES = [
  '@jsquash/png/codec/pkg/squoosh_png_bg.wasm',
  '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm',
  '@jsquash/resize/lib/resize/pkg/squoosh_resize_bg.wasm',
];

// Staged build contexts are links to these files: a bundle in place of another must be a new file.
for (const name of Object.keys(ENTRIES)) rmSync(join(OUT, `${name}.cjs`), { force: true });

/**
 * The runtime's JavaScript is bundled. Its native files are not: the image has those of its own platform, in a folder
 * called as the package, where Node finds them.
 */
const nativeBinding = {
  name: 'native-binding',
  setup({ onLoad }) {
    onLoad({ filter: /onnxruntime-node[\\/]dist[\\/]binding\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace('require(`../bin/', 'require(`onnxruntime-node/bin/'),
    }));
  },
};

/** Protocol files become what protobufjs makes of them, so that its parser is not in the bundle. */
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
 * The page becomes one document, with its style and its script in it, and a policy by which a browser takes nothing but
 * these, by their hashes.
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
        // The empty icon, without which browsers ask for one.
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

/** The server loads these from their own bundle, and only where they are needed. */
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
    // Half of a bundle, and never loaded: the server has no JSON schemas (http/app.ts).
    '@fastify/ajv-compiler',
    '@fastify/fast-json-stringify-compiler',
  ],
  // A smaller file starts sooner; identifiers stay, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  // Only where these libraries would look for their WebAssembly files, which they are given.
  logOverride: { 'empty-import-meta': 'silent' },
});

for (const file of WASM_FILES) {
  const copy = join(OUT, 'picture-decoder', basename(file));
  rmSync(copy, { force: true });
  copyFileSync(join('node_modules', file), copy);
}

// Most images have no picture decoder, and so neither its notices nor its part of the bill of materials.
const DECODER = `${OUT}/picture-decoder/decoder.cjs`;
const others = Object.keys(metafile.outputs).filter((output) => output !== DECODER);
writeNotices('THIRD_PARTY_NOTICES.txt', others);
writeNotices(
  'picture-decoder/THIRD_PARTY_NOTICES.txt',
  [DECODER],
  readFileSync('inference-image/wasm-notices.txt', 'utf8'),
);

/** Those of them that every image has. */
const IMAGE_BUNDLES = ['server', 'executor', 'codec', 'grpc-libraries', 'healthcheck'].map(
  (name) => `${OUT}/${name}.cjs`,
);
writeSbom('sbom.cdx.json', IMAGE_BUNDLES);
writeSbom('picture-decoder/sbom.cdx.json', [DECODER]);

/** @param more Of what no package in node_modules has a file. */
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
  // What is compiled to WebAssembly has a licence of its own, deeper down.
  const texts = readdirSync(folder, { recursive: true }).filter((file) =>
    /^(licen[cs]e|notice)|^(codec|lib[\\/]resize)[\\/]licen[cs]e/i.test(file),
  );
  const body = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`=== ${name} ${version} (${license})`, ...body, ''].join('\n');
}
