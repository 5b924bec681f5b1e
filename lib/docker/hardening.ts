import type { ContainerConfig } from '@cdktf/provider-docker/lib/container';

/** What the container may not do. Everything is on by default; turn off one by one. */
export interface Hardening {
  /**
   * The container cannot write to its own file system.
   * @default true
   */
  readonly readOnlyRootFilesystem?: boolean;
  /**
   * All Linux capabilities are dropped.
   * @default true
   */
  readonly dropCapabilities?: boolean;
  /**
   * No process gains privileges, by setuid or otherwise.
   * @default true
   */
  readonly noNewPrivileges?: boolean;
  /**
   * `uid:gid`, numeric so that it can be verified. `0:0` is root.
   * @default '65532:65532'
   */
  readonly user?: string;
}

/** The container arguments that enforce it. */
export function hardened(hardening: Hardening = {}): Partial<ContainerConfig> {
  const { readOnlyRootFilesystem = true, dropCapabilities = true, noNewPrivileges = true } = hardening;
  return {
    readOnly: readOnlyRootFilesystem,
    capabilities: dropCapabilities ? { drop: ['ALL'] } : undefined,
    securityOpts: noNewPrivileges ? ['no-new-privileges:true'] : undefined,
    user: hardening.user ?? '65532:65532',
  };
}
