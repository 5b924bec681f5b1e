import { execFileSync, spawnSync } from 'node:child_process';
import { DEFAULT_BASE_IMAGE } from '../../lib/container-image/dockerfile';

const DOCKER = process.env.DOCKER ?? 'docker';

/** Reason why images cannot be built here; undefined if they can. */
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
