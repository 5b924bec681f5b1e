import type { ModelName } from './models';

/** How a server is deployed. */
export interface Configuration {
  readonly name: string;
  readonly model: ModelName;
  /** Whether sizes come from a profile, which is measured first. */
  readonly isProfiled?: boolean;
  /** @default - what the plan derives */
  readonly maxRequestBytes?: number;
}

const MIB = 1024 * 1024;

const PLAIN: readonly Configuration[] = (['digits', 'text', 'several', 'expanding'] as const).map((model) => ({
  name: 'plain',
  model,
}));

/** With the memory that the plan then gives: attacks of 62 MiB are not simply too large. */
const LARGE: readonly Configuration[] = (['digits', 'text', 'several'] as const).map((model) => ({
  name: '64 MiB',
  model,
  maxRequestBytes: 64 * MIB,
}));

/** A short run has those without a profile, and of the default size. */
export const SHORT = PLAIN;
export const ALL: readonly Configuration[] = [
  ...PLAIN,
  { name: 'profile', model: 'digits', isProfiled: true },
  ...LARGE,
];
