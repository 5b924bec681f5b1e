import { execFileSync, spawnSync } from 'node:child_process';
import { DEFAULT_BASE_IMAGE } from '../../../lib/container-image/dockerfile';

/** Docker command to use. On Debian 12, Docker 20.10 can build with BuildKit without a plugin. */
const DOCKER = process.env.DOCKER ?? 'docker';

/** Reason why no image can be built on this machine; undefined if one can be built. */
export function whyNoEngine(): string | undefined {
  if (spawnSync(DOCKER, ['image', 'inspect', DEFAULT_BASE_IMAGE]).status === 0) return undefined;
  return `no Docker engine with ${DEFAULT_BASE_IMAGE}`;
}

/** @returns Id of the image */
export function buildImage(context: string): string {
  return docker('build', '--quiet', '--network=none', context);
}

export function docker(...args: string[]): string {
  return execFileSync(DOCKER, args, { encoding: 'utf8', env: { ...process.env, DOCKER_BUILDKIT: '1' } }).trim();
}
