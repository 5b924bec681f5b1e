import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DEFAULT_BASE_IMAGE } from '../../lib/image/dockerfile';
import { staged } from './models';
import { type Row } from './table';

const DIGITS = join(__dirname, '../../examples/digits/digits.onnx');

/** Needs a Docker engine with the base image; says so where there is none. */
export function imageRows(): Row[] {
  const target = '≤ 52 MB and the model';
  if (spawnSync('docker', ['image', 'inspect', DEFAULT_BASE_IMAGE]).status !== 0) {
    const reason = `skipped: no Docker engine with ${DEFAULT_BASE_IMAGE}`;
    return [{ what: 'image over its base', ours: reason, baseline: '', ratio: '', target }];
  }
  const tag = 'model-serving-bench:digits';
  docker('build', '--quiet', '--network=none', '--tag', tag, staged(DIGITS));
  const [ours, base] = [sizeOf(tag), sizeOf(DEFAULT_BASE_IMAGE)];
  return [
    {
      what: 'image over its base, with the 0.25 MB digits model',
      ours: megabytes(ours),
      baseline: megabytes(base),
      ratio: `${megabytes(ours - base)} more`,
      target,
    },
  ];
}

function sizeOf(image: string): number {
  return Number(docker('inspect', '--format={{.Size}}', image));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function docker(...args: string[]): string {
  return execFileSync(process.env.DOCKER ?? 'docker', args, {
    encoding: 'utf8',
    env: { ...process.env, DOCKER_BUILDKIT: '1' },
  });
}
