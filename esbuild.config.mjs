// Bundles what runs in the container: one file for the main thread, one for an executor, one for the health check.
import { build } from 'esbuild';
import { existsSync } from 'node:fs';

const entries = ['server', 'executor', 'healthcheck'].filter((name) => existsSync(`inference-image/src/${name}.ts`));

await build({
  entryPoints: entries.map((name) => `inference-image/src/${name}.ts`),
  outdir: 'dist/inference-image',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // The native binding is staged beside the bundles, for the image's platform.
  external: ['onnxruntime-node'],
  legalComments: 'none',
  logLevel: 'warning',
});
