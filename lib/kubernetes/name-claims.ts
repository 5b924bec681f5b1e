import { TerraformStack, Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../errors';
import { kubernetesErrors } from './errors';

const claimsOfStack = new WeakMap<TerraformStack, Map<string, string>>();

/**
 * Notes that a construct's Deployment has this name, and says if another's has. Stacks and providers may lead to
 * different clusters, so each has names of its own.
 */
export function claimName(
  owner: Construct,
  name: string,
  namespace: string,
  provider: TerraformProvider | undefined,
): Problem[] {
  if ([name, namespace].some(Token.isUnresolved)) return [];
  const stack = TerraformStack.of(owner);
  const claims = claimsOfStack.get(stack) ?? new Map<string, string>();
  claimsOfStack.set(stack, claims);
  const key = [provider?.node.path ?? '', namespace, name].join('\n');
  const other = claims.get(key);
  if (other !== undefined) return [kubernetesErrors.nameTaken(owner.node.path, name, namespace, other)];
  claims.set(key, owner.node.path);
  return [];
}
