// Bundles what runs in the container: one file for each kind of thread, one for what the main thread loads at the first
// gRPC connection, and one for the health check. And what no image has: the processes that run golden
// examples and measure a model.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';
import { serverSbom } from './inference-image/sbom.mjs';

const OUT = 'dist/inference-image';
const ENTRIES = {
  server: 'server.ts',
  executor: 'executor.ts',
  codec: 'codec.ts',
  'grpc-libraries': 'grpc/libraries.ts',
  healthcheck: 'healthcheck.ts',
  // Not for images: what a synth and the command line run.
  'golden-run': 'golden-run.ts',
  'profile-run': 'profile-run.ts',
};

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
    // What grpc-js loads for channelz and ORCA alone, which the server has not.
    '@grpc/proto-loader',
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
});

/** Those of them that an image has. */
const IMAGE_BUNDLES = ['server', 'executor', 'codec', 'grpc-libraries', 'healthcheck'].map(
  (name) => `${OUT}/${name}.cjs`,
);
const bundled = IMAGE_BUNDLES.flatMap((file) => Object.entries(metafile.outputs[file].inputs))
  .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  .flatMap(([input]) => folderOf(input));
writeFileSync(join(OUT, 'sbom.cdx.json'), serverSbom([...new Set(bundled)].sort()));

const packages = new Set([...Object.keys(metafile.inputs).flatMap(packageOf)]);
writeFileSync(join(OUT, 'THIRD_PARTY_NOTICES.txt'), [...packages].sort().map(notice).join('\n'));

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
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const body = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`=== ${name} ${version} (${license})`, ...body, ''].join('\n');
}
