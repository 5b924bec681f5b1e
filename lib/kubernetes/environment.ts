import type { DeploymentV1SpecTemplateSpecContainerEnv } from '@cdktf/provider-kubernetes/lib/deployment-v1';

/** A key of a Secret in the service's namespace. Its value is read when a replica starts. */
export interface SecretKey {
  readonly secretName: string;
  readonly key: string;
  /**
   * Whether the replica starts without the variable if the Secret or its key is missing.
   * @default false
   */
  readonly optional?: boolean;
}

export type EnvironmentValue = string | SecretKey;

/** Whether this is a string or a key of a Secret. */
export function isEnvironmentValue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'string';
  const { secretName, key } = value as Partial<SecretKey>;
  return typeof secretName === 'string' && typeof key === 'string';
}

export function environmentVariables(
  environment: Readonly<Record<string, EnvironmentValue>>,
): DeploymentV1SpecTemplateSpecContainerEnv[] {
  return Object.entries(environment)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, ...source(value) }));
}

function source(value: EnvironmentValue): Omit<DeploymentV1SpecTemplateSpecContainerEnv, 'name'> {
  if (typeof value === 'string') return { value };
  const { secretName, key, optional } = value;
  return { valueFrom: { secretKeyRef: { name: secretName, key, optional } } };
}
