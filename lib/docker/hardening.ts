import type { ContainerConfig } from '@cdktf/provider-docker/lib/container';

/** Restrictions of the container. All are enabled by default and can be disabled individually. */
export interface Hardening {
  /**
   * Whether the container's file system is read-only.
   * @default true
   */
  readonly readOnlyRootFilesystem?: boolean;
  /**
   * Whether all Linux capabilities are dropped.
   * @default true
   */
  readonly dropCapabilities?: boolean;
  /**
   * Whether processes are prevented from gaining privileges, for example by setuid.
   * @default true
   */
  readonly noNewPrivileges?: boolean;
  /**
   * User and group as numeric `uid:gid`; `0:0` is root.
   * @default '65532:65532'
   */
  readonly user?: string;
}

/** Container arguments that enforce the restrictions. */
export function hardened(hardening: Hardening = {}): Partial<ContainerConfig> {
  const { readOnlyRootFilesystem = true, dropCapabilities = true, noNewPrivileges = true } = hardening;
  return {
    readOnly: readOnlyRootFilesystem,
    capabilities: dropCapabilities ? { drop: ['ALL'] } : undefined,
    securityOpts: noNewPrivileges ? ['no-new-privileges:true'] : undefined,
    user: hardening.user ?? '65532:65532',
  };
}
