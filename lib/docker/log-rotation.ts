import type { ContainerConfig } from '@cdktf/provider-docker/lib/container';
import { asText } from '../terraform/tokens';

/** Limits of the container's log, which Docker otherwise keeps forever. */
export interface LogRotation {
  /** @default 10 */
  readonly maxSizeMiB?: number;
  /** @default 3 */
  readonly maxFiles?: number;
}

/** @see https://docs.docker.com/engine/logging/drivers/json-file/ */
export function rotated({ maxSizeMiB = 10, maxFiles = 3 }: LogRotation = {}): Partial<ContainerConfig> {
  return { logDriver: 'json-file', logOpts: { 'max-size': `${asText(maxSizeMiB)}m`, 'max-file': asText(maxFiles) } };
}
