import type { ModelName } from './models';

/** Deployment of a server to attack. */
export interface Configuration {
  readonly name: string;
  readonly model: ModelName;
  /** Whether to profile the model first and derive sizes from the profile. */
  readonly isProfiled?: boolean;
  /** Maximum size of a request, in bytes. @default - derived by the plan */
  readonly maxRequestBytes?: number;
}

const MIB = 1024 * 1024;

const PLAIN: readonly Configuration[] = (['digits', 'text', 'several', 'expanding'] as const).map((model) => ({
  name: 'plain',
  model,
}));

/**
 * Deployments with a `maxRequestBytes` of 64 MiB and the memory that the plan derives from it. Attacks with 62 MiB are
 * not refused as too large.
 */
const LARGE: readonly Configuration[] = (['digits', 'text', 'several'] as const).map((model) => ({
  name: '64 MiB',
  model,
  maxRequestBytes: 64 * MIB,
}));

/** Configurations of a short run, which have no profile and the default maximum request size. */
export const SHORT = PLAIN;
export const ALL: readonly Configuration[] = [
  ...PLAIN,
  { name: 'profile', model: 'digits', isProfiled: true },
  ...LARGE,
];
