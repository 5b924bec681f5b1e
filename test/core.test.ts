import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformProvider } from 'cdktf';
import { temporaryFolder } from './support/temporary-folder';

const core = process.env.TEST_CORE ?? 'cdktf';
const outdir = temporaryFolder();

test(`everything runs on ${core}`, () => {
  const { version } = JSON.parse(readFileSync(join('node_modules', core, 'package.json'), 'utf8'));
  expect(new App({ outdir }).manifest.version).toBe(version);
  for (const provider of [DockerProvider, KubernetesProvider]) {
    expect(Object.getPrototypeOf(provider)).toBe(TerraformProvider);
  }
});
